from trainers.admin.choosing import AutocompleteAdmin as AutocompleteAdmin
from trainers.admin.hours import GYM_TIMES as GYM_TIMES
from trainers.admin.trainers import TrainerAdmin as TrainerAdmin
