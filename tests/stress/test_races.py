from tests.stress import races
from tests.stress.size import SIZE


def test_one_slot_many_members(gym, sound):
    sound(races.one_slot_many_members(gym, SIZE))
