"""A gym of any size, written by SQL alone: a million sessions take half a minute."""

from datetime import date, timedelta

from django.contrib.auth.models import Group
from django.db import connection

DAY = timedelta(days=1)
# Each trainer is booked twelve hours a day, from seven in the morning.
A_DAY = 12

PEOPLE = """
    INSERT INTO users (password, email, name, phone, is_superuser)
    SELECT '!', 'person' || n || '@example.com',
           (ARRAY['Aisha', 'Ben', 'Chiara', 'Davor', 'Elena', 'Felix'])[1 + n %% 6]
           || ' ' || initcap(translate(n::text, '0123456789', 'aeioulmnrs')),
           '0151 ' || lpad(n::text, 6, '0'), FALSE
    FROM generate_series(1, %(members)s) AS n
"""
JOIN = """
    INSERT INTO users_groups (user_id, group_id)
    SELECT id, %(group)s FROM users WHERE email LIKE 'person%%'
"""
TRAINERS = """
    INSERT INTO trainers (name, slug, specialisation, about, hourly_rate, session_types)
    SELECT 'Trainer ' || n, 'trainer-' || n, 'Strength', '', 60, '{personal_training}'
    FROM generate_series(1, %(trainers)s) AS n
"""
SLOTS = """
    INSERT INTO trainer_schedules (trainer_id, day_of_week, time_slot)
    SELECT id, day, make_time(hour, 0, 0)
    FROM trainers, generate_series(0, 6) AS day, generate_series(7, 18) AS hour
    WHERE slug LIKE 'trainer-%%'
"""
# At one hour the trainers have as many different members.
SESSIONS = """
    WITH t AS (
        SELECT id, row_number() OVER (ORDER BY id) - 1 AS number FROM trainers
        WHERE slug LIKE 'trainer-%%'
    ), m AS (
        SELECT id, row_number() OVER (ORDER BY id) - 1 AS number FROM users
        WHERE email LIKE 'person%%'
    ), hours AS (
        SELECT n, %(last)s::date - (n / %(a_day)s)::int AS day,
               7 + n %% %(a_day)s AS hour
        FROM generate_series(0, %(hours)s - 1) AS n
    )
    INSERT INTO training_sessions (
        trainer_id, client_id, session_date, start_time, end_time, status, price,
        cancelled_late, cancelled_at)
    SELECT t.id, m.id, day, make_time(hour::int, 0, 0), make_time(hour::int + 1, 0, 0),
           chosen.status, 60, chosen.status = 'cancelled' AND n %% 3 = 0,
           CASE WHEN chosen.status = 'cancelled' THEN day - interval '1 hour' END
    FROM hours
    CROSS JOIN t
    JOIN m ON m.number = (t.number + %(trainers)s * n) %% %(members)s
    CROSS JOIN LATERAL (
        SELECT CASE
            WHEN (n + t.number) %% 13 = 0 THEN 'cancelled'
            WHEN day >= %(today)s THEN 'scheduled'
            WHEN (n + t.number) %% 29 = 0 THEN 'no_show'
            WHEN day > %(today)s - 3 AND (n + t.number) %% 7 = 0 THEN 'scheduled'
            ELSE 'completed' END AS status
    ) AS chosen
"""
EVENTS = """
    INSERT INTO booking_events (session_id, actor_id, action, at, before, after, reason)
    SELECT s.id, s.client_id, 'booked', s.session_date - interval '3 days', '{}',
           jsonb_build_object(
               'id', s.id, 'trainer_id', s.trainer_id, 'client_id', s.client_id,
               'status', 'scheduled'), ''
    FROM training_sessions s
"""


def build_gym(*, trainers: int, members: int, sessions: int, today: date) -> None:
    """Members, trainers with hourly slots, and sessions that end a week from today.

    Every second hour of the coming week is cancelled, marked and open as it happens
    in a gym. Needs a transaction, and a minute for a million sessions.
    """
    hours = -(-sessions // trainers)
    asked = {
        "members": members,
        "trainers": trainers,
        "group": Group.objects.get(name="Members").pk,
        "hours": hours,
        "a_day": A_DAY,
        "today": today,
        "last": today + 7 * DAY,
    }
    tables = "users, trainers, trainer_schedules, training_sessions, booking_events"
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        for statement in (PEOPLE, JOIN, TRAINERS, SLOTS, SESSIONS, EVENTS):
            cursor.execute(statement, asked)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        cursor.execute(f"ANALYZE {tables}")
