"""A trainer's photo, from the admin's form to the member's page."""

import struct
import zlib
from io import BytesIO
from zipfile import ZipFile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from tests.factories import TrainerFactory
from tests.finova.conftest import filled_in
from trainers.models import AVATAR_HUES, Trainer, TrainerPhoto

pytestmark = pytest.mark.django_db

GPS, ORIENTATION, ROTATED = 0x8825, 0x0112, 6
NOT_READ = "This is no picture we can read"


def picture(size=(640, 480), kind="JPEG", mode="RGB", **options):
    """Red on the left, blue on the right."""
    image = Image.new("RGB", size, "red")
    image.paste("blue", (size[0] // 2, 0, *size))
    target = BytesIO()
    image.convert(mode).save(target, kind, **options)
    return target.getvalue()


def change_form(client, trainer, **typed):
    url = f"/admin/trainers/trainer/{trainer.pk}/change/"
    form = filled_in(client.get(url)) | {"is_active": "on"} | typed
    return client.post(url, form)


def upload(client, trainer, data, name="ana.jpg"):
    return change_form(client, trainer, photo=SimpleUploadedFile(name, data))


def served(trainer):
    trainer.refresh_from_db()
    answer = Client().get(trainer.photo_url)
    return answer, Image.open(BytesIO(answer.content))


def test_it_becomes_a_square_that_everybody_may_see(ana, as_frieda):
    assert upload(as_frieda, ana, picture()).status_code == 302
    answer, image = served(ana)
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/webp")
    assert answer["Cache-Control"] == "private, max-age=31536000, immutable"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert (image.format, image.size) == ("WEBP", (480, 480))
    for url in ("/", "/trainers/", "/trainers/ana-ruiz/"):
        assert f'src="{ana.photo_url}"' in Client().get(url).content.decode()


@pytest.mark.parametrize(
    ("kind", "mode"), [("PNG", "RGBA"), ("PNG", "P"), ("WEBP", "RGB"), ("JPEG", "CMYK")]
)
def test_what_cameras_and_programs_make_can_be_read(ana, as_frieda, kind, mode):
    assert upload(as_frieda, ana, picture(kind=kind, mode=mode)).status_code == 302
    _, image = served(ana)
    red, _, blue = image.convert("RGB").getpixel((10, 240))
    assert red > 200 > blue


def test_what_the_camera_wrote_is_gone_and_the_picture_upright(ana, as_frieda):
    exif = Image.Exif()
    exif[ORIENTATION] = ROTATED
    exif[GPS] = {1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 18.0)}
    data = picture(exif=exif, comment=b"at home", xmp=b"<x:xmpmeta/>")
    assert b"Exif" in data

    upload(as_frieda, ana, data)

    answer, image = served(ana)
    assert not image.getexif()
    assert set(image.info) <= {"loop", "background", "timestamp", "duration"}
    for trace in (b"Exif", b"EXIF", b"at home", b"XMP", b"xmp", b"ICC"):
        assert trace not in answer.content
    # Red was on the left, and after a quarter turn it is at the top.
    red, _, blue = image.convert("RGB").getpixel((240, 10))
    assert red > 200 > blue


def bomb(side):
    """A few hundred bytes that say they are so many pixels wide and high."""

    def chunk(kind, data):
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * 1000)
    chunks = chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


REFUSED = {
    "svg": (
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        NOT_READ,
    ),
    "gif that is a script": (
        picture(kind="GIF").replace(b"GIF89a", b"GIF89a/*") + b"*/=1;alert(1)",
        NOT_READ,
    ),
    "truncated": (picture()[:2000], NOT_READ),
    "truncated png": (picture(kind="PNG")[:200], NOT_READ),
    "text": (b"not a picture", NOT_READ),
    "nothing": (b"", "The submitted file is empty"),
    # The first is ours to refuse, the second Pillow itself does not open.
    "bomb": (bomb(8_000), "too many pixels"),
    "large bomb": (bomb(20_000), "too many pixels"),
    "too large": (picture() + b"\0" * 5 * 1024 * 1024, "larger than 5 MB"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_good_picture_is_refused_with_a_sentence(ana, as_frieda, case):
    data, sentence = REFUSED[case]
    answer = upload(as_frieda, ana, data)
    assert answer.status_code == 200
    assert sentence in answer.content.decode()
    assert not TrainerPhoto.objects.exists()


def test_a_picture_that_is_an_archive_too_leaves_it_behind(ana, as_frieda):
    archive = BytesIO(picture())
    with ZipFile(archive, "a") as zipped:
        zipped.writestr("evil.html", "<script>alert(1)</script>")
    upload(as_frieda, ana, archive.getvalue())
    answer, _ = served(ana)
    assert b"evil" not in answer.content
    assert b"PK\x03\x04" not in answer.content


def test_another_picture_has_another_address_and_none_has_none(ana, as_frieda):
    upload(as_frieda, ana, picture())
    first, _ = served(ana)
    upload(as_frieda, ana, picture(size=(300, 900)))
    old = first.wsgi_request.path
    second, _ = served(ana)
    assert Client().get(old).status_code == 404
    assert second.wsgi_request.path != old

    kept = change_form(as_frieda, ana, name="Ana Ruiz Gil")
    assert kept.status_code == 302
    assert served(ana)[0].content == second.content

    change_form(as_frieda, ana, **{"photo-clear": "on"})
    assert Client().get(second.wsgi_request.path).status_code == 404
    assert not TrainerPhoto.objects.exists()
    assert "avatar--" in Client().get("/trainers/").content.decode()


def test_the_pages_read_no_pictures(ana, as_frieda, django_assert_num_queries):
    upload(as_frieda, ana, picture())
    with django_assert_num_queries(4) as queries:
        Client().get("/trainers/")
    assert not any("trainer_photos" in query["sql"] for query in queries)


def test_initials_have_a_colour_of_their_own(db):
    names = [f"Trainer {n}" for n in range(200)]
    assert {Trainer(name=name).hue for name in names} == set(range(1, AVATAR_HUES + 1))
    assert TrainerFactory(name="Ana Ruiz").hue == Trainer(name="Ana Ruiz").hue


def test_prices_of_one_and_more_sessions():
    def prices(minutes):
        return Trainer(hourly_rate=60, session_minutes=minutes).prices

    assert prices(45) == [(45, 45), (90, 90), (135, 135)]
    assert prices(90) == [(90, 90), (180, 180)]
    assert prices(240) == [(240, 240)]
