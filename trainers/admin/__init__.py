from trainers.admin.choosing import AutocompleteAdmin as AutocompleteAdmin
from trainers.admin.trainers import TrainerAdmin as TrainerAdmin
