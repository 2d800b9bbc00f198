"""What trainers tell the rest of the house, and what they hear themselves."""

from typing import Any

from django.db.models import ProtectedError
from django.db.models.signals import post_save, pre_delete
from django.dispatch import Signal, receiver

from trainers.models import Trainer, TrainerSchedule

# Sent by `trainers.schedule` when slots were added, opened or closed.
# Arguments: trainer_id.
schedule_changed = Signal()


@receiver(post_save, sender=Trainer, dispatch_uid="give_schedule")
def give_schedule(instance: Trainer, created: bool, raw: bool, **kwargs: Any) -> None:
    """A new trainer can be booked at once."""
    from trainers.schedule import initialize_trainer_schedule

    if created and not raw:
        initialize_trainer_schedule(instance.pk)


@receiver(pre_delete, sender=TrainerSchedule, dispatch_uid="keep_booked_slot")
def keep_booked_slot(instance: TrainerSchedule, **kwargs: Any) -> None:
    if instance.booking_id is not None:
        raise ProtectedError(
            f"The slot {instance} has a session: move or cancel that first.",
            {instance},
        )
