"""The receivers that replace the seed's triggers: slot rows follow the sessions.

Nothing here decides anything. Without a receiver a slot row shows an old colour;
no date becomes bookable that was not. Two more keep the history of the settings.
"""

from typing import Any

from django.db.models.signals import (
    post_delete,
    post_save,
    pre_delete,
    pre_save,
)
from django.dispatch import receiver

from bookings.domain.projection import (
    project_after_write,
    project_schedule,
    remember_span,
)
from bookings.gym import (
    GymSettings,
    forget_settings,
    remember_settings,
    write_settings_change,
)
from bookings.models import TrainingSession
from trainers.models import TrainerSchedule
from trainers.schedule import schedule_changed


@receiver([pre_save, pre_delete], sender=TrainingSession, dispatch_uid="remember")
def before_session_changes(instance: TrainingSession, **kwargs: Any) -> None:
    remember_span(instance)


@receiver([post_save, post_delete], sender=TrainingSession, dispatch_uid="project")
def after_session_changed(instance: TrainingSession, **kwargs: Any) -> None:
    project_after_write(instance)


@receiver(post_save, sender=TrainerSchedule, dispatch_uid="project_slot")
def after_slot_saved(instance: TrainerSchedule, **kwargs: Any) -> None:
    project_schedule(instance.trainer_id)


@receiver(schedule_changed, dispatch_uid="project_schedule")
def after_schedule_changed(trainer_id: int, **kwargs: Any) -> int:
    return project_schedule(trainer_id)


@receiver(pre_save, sender=GymSettings, dispatch_uid="remember_settings")
def before_settings_change(instance: GymSettings, **kwargs: Any) -> None:
    remember_settings(instance)


@receiver(post_save, sender=GymSettings, dispatch_uid="write_settings_change")
def after_settings_changed(instance: GymSettings, **kwargs: Any) -> None:
    write_settings_change(instance)


@receiver(post_delete, sender=GymSettings, dispatch_uid="forget_settings")
def after_settings_deleted(instance: GymSettings, **kwargs: Any) -> None:
    forget_settings()
