"""Who wants the same thing at the same moment: one has it, the others are told so."""

import pytest

from tests.stress import races, turns
from tests.stress.size import SIZE


@pytest.mark.parametrize(
    "race",
    [
        races.one_slot_many_members,
        races.booking_against_cancelling,
        races.booking_against_moving,
        races.sessions_that_change_places,
        races.booking_while_staff_shut_the_time,
        races.booking_while_the_trainer_leaves,
        races.one_member_many_trainers,
        races.double_clicks,
        races.lost_answers,
        races.keys,
        races.slow_senders,
        turns.the_second_sees_the_first,
        turns.a_break_is_seen,
        turns.a_trainer_who_leaves_is_seen,
        turns.a_move_sees_the_first,
        turns.one_member_cancels_and_books,
        turns.two_moves_cross,
        turns.what_took_place_is_not_cancelled,
        turns.everybody_waits,
        turns.cut_off_while_it_waits,
    ],
    ids=lambda race: race.__name__,
)
def test_a_race(race, gym, sound):
    sound(race(gym, SIZE))
