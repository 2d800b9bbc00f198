"""Trainers' photos: what staff upload, made into what we serve.

They live in the database: several machines share it, and a dump has everything.
"""

from hashlib import sha256
from io import BytesIO
from typing import IO

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from PIL import Image, ImageOps

from trainers.models import Trainer, TrainerPhoto

FORMATS = ("JPEG", "PNG", "WEBP")
MOST_BYTES = 5 * 1024 * 1024
# What a good telephone takes; a few kilobytes can claim to be any number.
MOST_PIXELS = 50_000_000
SIDE = 480
# Heads are above the middle of upright pictures.
CENTRE = (0.5, 0.35)


def read_photo(upload: IO[bytes]) -> bytes:
    """The picture anew, as a square WebP and nothing else that the file held.

    Raises ValidationError with a sentence for whoever sent it.
    """
    data = upload.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise ValidationError(
            _("This picture is larger than 5 MB. Please choose a smaller one.")
        )
    try:
        check_size(data)
        return encoded(upright_square(data))
    except ValidationError:
        raise
    # Broken files break Pillow in as many ways as there are formats.
    except Exception as error:
        raise ValidationError(
            _("This is no picture we can read. Please choose a JPEG, PNG or WebP file.")
        ) from error


def check_size(data: bytes) -> None:
    """Asks the file's head alone: nothing is unpacked before the answer."""
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as image:
            too_many = image.width * image.height > MOST_PIXELS
            image.verify()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        too_many = True
    if too_many:
        raise ValidationError(
            _("This picture has too many pixels. Please choose a smaller one.")
        )


def upright_square(data: bytes) -> Image.Image:
    with Image.open(BytesIO(data), formats=FORMATS) as image:
        # A JPEG can be unpacked at a fraction of its size.
        image.draft("RGB", (2 * SIDE, 2 * SIDE))
        upright = ImageOps.exif_transpose(image).convert("RGBA")
    return ImageOps.fit(upright, (SIDE, SIDE), centering=CENTRE)


def encoded(square: Image.Image) -> bytes:
    """On a fresh sheet: what a file says of camera and place stays behind."""
    sheet = Image.new("RGB", square.size, "white")
    sheet.paste(square, mask=square)
    target = BytesIO()
    sheet.save(target, "WEBP", quality=82)
    return target.getvalue()


def digest_of(image: bytes) -> str:
    return sha256(image).hexdigest()[:32]


def keep_photo(trainer: Trainer, image: bytes | None) -> None:
    """The trainer's photo from now on; None for no photo. Needs a transaction."""
    if image is None:
        TrainerPhoto.objects.filter(trainer=trainer).delete()
    else:
        TrainerPhoto.objects.update_or_create(
            trainer=trainer, defaults={"image": image}
        )
    trainer.photo_digest = digest_of(image) if image is not None else ""
    trainer.save(update_fields=["photo_digest"])
