"""What happens when a trainer, a slot, hours or time off are written or deleted."""

from typing import Any

from django.db import connection
from django.db.models import ProtectedError
from django.db.models.signals import post_save, pre_delete, pre_save
from django.dispatch import receiver

from trainers.models import ExtraHours, TimeOff, Trainer, TrainerSchedule, WorkingHours
from trainers.schedule import correct_rows, initialize_trainer_schedule


@receiver(post_save, sender=Trainer, dispatch_uid="follow_trainer")
def follow_trainer(instance: Trainer, created: bool, raw: bool, **kwargs: Any) -> None:
    """A new trainer can be booked at once; a new session length covers other slots."""
    if created and not raw:
        initialize_trainer_schedule(instance.pk)
    elif not raw:
        correct_rows(instance)


@receiver(pre_delete, sender=Trainer, dispatch_uid="lock_trainer")
def lock_trainer(instance: Trainer, **kwargs: Any) -> None:
    Trainer.objects.lock([instance.pk])


# Before the row itself is written: a booking takes the two in this order.
@receiver([pre_save, pre_delete], sender=TrainerSchedule, dispatch_uid="lock_slots")
@receiver([pre_save, pre_delete], sender=WorkingHours, dispatch_uid="lock_hours")
@receiver([pre_save, pre_delete], sender=TimeOff, dispatch_uid="lock_time_off")
@receiver([pre_save, pre_delete], sender=ExtraHours, dispatch_uid="lock_extra_hours")
def lock_its_trainer(instance: Any, **kwargs: Any) -> None:
    """Outside a transaction the row is written alone, so nothing can be held."""
    if connection.in_atomic_block:
        Trainer.objects.lock([instance.trainer_id])


@receiver(pre_delete, sender=TrainerSchedule, dispatch_uid="keep_booked_slot")
def keep_booked_slot(instance: TrainerSchedule, **kwargs: Any) -> None:
    """Asks the table, under the lock: the instance may be older than its session."""
    stored = TrainerSchedule.objects.filter(pk=instance.pk)
    if stored.exclude(booking=None).exists():
        raise ProtectedError(
            f"The slot {instance} has a session: move or cancel that first.",
            {instance},
        )
