"""What must be true of the database at every moment, whoever wrote to it.

Each promise is one SQL statement that must return no row; what it does return is the
id of each row that breaks it and, where that helps, a note. The statements use no code
of ours, so they also judge that code. They can be pasted into psql one by one, and each
sees the database at a single moment, so that a gym may ask while the site is open.

What a promise does not say is meant too. Active sessions of a trainer who takes no
more bookings stand. A session without any history was put in by hand (SQL, or a plain
save from a shell), which is allowed. Slots may overlap between a changed session
length and the next `init_trainer_schedules`. And staff's `unavailable` and `break`
stay whatever is booked.
"""

from dataclasses import dataclass

from django.db import connection


@dataclass(frozen=True)
class Invariant:
    """A promise in a sentence, and the SQL that finds what breaks it, by id."""

    name: str
    promise: str
    sql: str
    # Where an older database has no such table yet, nothing can break it.
    table: str = "training_sessions"


@dataclass(frozen=True)
class Broken:
    """A promise, the ids (of a constraint, its name) that break it, and notes."""

    invariant: Invariant
    ids: tuple[int | str, ...]
    notes: tuple[str, ...] = ()


TRAINER_ONCE = Invariant(
    "trainer_once",
    "No trainer has two active sessions at the same time.",
    """
    SELECT both_of.id,
           format('sessions %s and %s: %s, %s, %s-%s and %s-%s', x.id, y.id,
                  who.name, x.session_date,
                  left(x.start_time::text, 5), left(x.end_time::text, 5),
                  left(y.start_time::text, 5), left(y.end_time::text, 5))
    FROM training_sessions x
    JOIN training_sessions y
      ON y.trainer_id = x.trainer_id AND y.session_date = x.session_date
     AND y.start_time < x.end_time AND x.start_time < y.end_time
     AND y.id > x.id
    LEFT JOIN trainers who ON who.id = x.trainer_id
    CROSS JOIN LATERAL (VALUES (x.id), (y.id)) AS both_of (id)
    WHERE x.status IN ('scheduled', 'confirmed')
      AND y.status IN ('scheduled', 'confirmed')
    ORDER BY x.session_date, x.start_time, x.id, y.id
    """,
)

CLIENT_ONCE = Invariant(
    "client_once",
    "No member has two active sessions at the same time.",
    """
    SELECT both_of.id,
           format('sessions %s and %s: %s, %s, %s-%s and %s-%s', x.id, y.id,
                  coalesce(nullif(who.name, ''), who.email), x.session_date,
                  left(x.start_time::text, 5), left(x.end_time::text, 5),
                  left(y.start_time::text, 5), left(y.end_time::text, 5))
    FROM training_sessions x
    JOIN training_sessions y
      ON y.client_id = x.client_id AND y.session_date = x.session_date
     AND y.start_time < x.end_time AND x.start_time < y.end_time
     AND y.id > x.id
    LEFT JOIN users who ON who.id = x.client_id
    CROSS JOIN LATERAL (VALUES (x.id), (y.id)) AS both_of (id)
    WHERE x.status IN ('scheduled', 'confirmed')
      AND y.status IN ('scheduled', 'confirmed')
    ORDER BY x.session_date, x.start_time, x.id, y.id
    """,
)

SESSION_BETWEEN_TWO = Invariant(
    "session_between_two",
    "Every session has a trainer and a member who exist.",
    """
    SELECT x.id FROM training_sessions x
    WHERE NOT EXISTS (SELECT FROM trainers t WHERE t.id = x.trainer_id)
       OR NOT EXISTS (SELECT FROM users u WHERE u.id = x.client_id)
    """,
)

SESSION_WORDS = Invariant(
    "session_words",
    "Every session has a known status and type, and a price of nothing or more.",
    """
    SELECT id FROM training_sessions
    WHERE (status IN ('scheduled', 'confirmed', 'completed', 'cancelled', 'no_show'))
          IS NOT TRUE
       OR (session_type IN ('personal_training', 'group_session', 'consultation',
                            'demo')) IS NOT TRUE
       OR price < 0 OR price = 'NaN'
    """,
)

SESSION_TIMES = Invariant(
    "session_times",
    "Every session ends after it starts, on the same day, on a date in the calendar.",
    """
    SELECT id FROM training_sessions
    WHERE (end_time > start_time AND end_time < '24:00'
           AND session_date BETWEEN '2000-01-01' AND '9999-12-31'
           AND created_at BETWEEN '1900-01-01Z' AND '9999-12-30Z'
           AND updated_at BETWEEN '1900-01-01Z' AND '9999-12-30Z'
           AND coalesce(cancelled_at, now()) BETWEEN '1900-01-01Z' AND '9999-12-30Z')
          IS NOT TRUE
    """,
)

SLOT_ONCE = Invariant(
    "slot_once",
    "No trainer has two slots that start at the same time of the same weekday.",
    """
    SELECT s.id FROM trainer_schedules s
    JOIN trainer_schedules other USING (trainer_id, day_of_week, time_slot)
    WHERE other.id <> s.id
    """,
)

SLOT_WORDS = Invariant(
    "slot_words",
    "Every slot has a known status, a weekday from 0 (Sunday) to 6, and a time of day.",
    """
    SELECT id FROM trainer_schedules
    WHERE (status IN ('available', 'booked', 'unavailable', 'break')
           AND day_of_week BETWEEN 0 AND 6 AND time_slot < '24:00') IS NOT TRUE
    """,
)

SLOT_FOLLOWS_SESSIONS = Invariant(
    "slot_follows_sessions",
    "Every slot shows its trainer's earliest active session in it, and nothing where "
    "there is none.",
    """
    SELECT s.id
    FROM trainer_schedules s
    LEFT JOIN (
        SELECT DISTINCT ON (s.id)
               s.id AS slot_id, x.id, x.client_id, x.session_date
        FROM training_sessions x
        JOIN trainers t ON t.id = x.trainer_id
        JOIN trainer_schedules s
          ON s.trainer_id = x.trainer_id
         AND s.day_of_week = EXTRACT(DOW FROM x.session_date)
         AND s.time_slot < x.end_time
         AND x.start_time - s.time_slot < t.session_minutes * interval '1 minute'
        WHERE x.status IN ('scheduled', 'confirmed')
        ORDER BY s.id, x.session_date, x.start_time, x.id
    ) first ON first.slot_id = s.id
    WHERE (s.booking_id, s.client_id, s.session_date)
          IS DISTINCT FROM (first.id, first.client_id, first.session_date)
       OR (s.status NOT IN ('unavailable', 'break')
           AND (s.status = 'booked') <> (first.id IS NOT NULL))
    """,
)

SLOT_OUTSIDE_HOURS = Invariant(
    "slot_outside_hours",
    "A slot outside the working hours stands only for a session in it.",
    "SELECT id FROM trainer_schedules WHERE outside_hours AND booking_id IS NULL",
)

HOURS_TIMES = Invariant(
    "hours_times",
    "Working hours end after they start, within a day of the week.",
    """
    SELECT id FROM working_hours
    WHERE (ends_at > starts_at AND ends_at < '24:00' AND day_of_week BETWEEN 0 AND 6)
          IS NOT TRUE
    """,
)

HOURS_ONCE = Invariant(
    "hours_once",
    "No trainer has working hours that overlap.",
    """
    SELECT h.id FROM working_hours h
    JOIN working_hours other USING (trainer_id, day_of_week)
    WHERE other.id <> h.id
      AND other.starts_at < h.ends_at AND h.starts_at < other.ends_at
    """,
)

TIME_OFF_TIMES = Invariant(
    "time_off_times",
    "Time off ends after it starts, on dates in the calendar.",
    """
    SELECT id FROM time_off
    WHERE (first_day BETWEEN '0001-01-01' AND '9999-12-31'
           AND last_day BETWEEN '0001-01-01' AND '9999-12-31'
           AND starts_at < '24:00' AND coalesce(ends_at, '12:00') < '24:00'
           AND (last_day > first_day
                OR last_day = first_day
                   AND coalesce(ends_at, '24:00') > starts_at)) IS NOT TRUE
    """,
)

CLOSURE_TIMES = Invariant(
    "closure_times",
    "A closure ends on the day it starts or later, in the calendar.",
    """
    SELECT id FROM closures
    WHERE (first_day BETWEEN '0001-01-01' AND '9999-12-31'
           AND last_day BETWEEN first_day AND '9999-12-31') IS NOT TRUE
    """,
    "closures",
)

EXTRA_HOURS_TIMES = Invariant(
    "extra_hours_times",
    "Extra hours end after they start, on a date in the calendar.",
    """
    SELECT id FROM extra_hours
    WHERE (date BETWEEN '0001-01-01' AND '9999-12-31'
           AND ends_at > starts_at AND ends_at < '24:00') IS NOT TRUE
    """,
    "extra_hours",
)

EXTRA_HOURS_ONCE = Invariant(
    "extra_hours_once",
    "No trainer has extra hours that overlap.",
    """
    SELECT e.id FROM extra_hours e JOIN extra_hours other USING (trainer_id, date)
    WHERE other.id <> e.id
      AND other.starts_at < e.ends_at AND e.starts_at < other.ends_at
    """,
    "extra_hours",
)

HOLD_TIMES = Invariant(
    "hold_times",
    "A hold ends after it starts, on a date in the calendar.",
    """
    SELECT id FROM holds
    WHERE (session_date BETWEEN '2000-01-01' AND '9999-12-31'
           AND end_time > start_time AND end_time < '24:00') IS NOT TRUE
    """,
    "holds",
)

HOLD_ONCE = Invariant(
    "hold_once",
    "No trainer's time is held for two members at once.",
    """
    SELECT h.id FROM holds h JOIN holds other USING (trainer_id, session_date)
    WHERE other.id <> h.id AND h.ended_at IS NULL AND other.ended_at IS NULL
      AND other.start_time < h.end_time AND h.start_time < other.end_time
    """,
    "holds",
)

KEY_ANSWERED = Invariant(
    "key_answered",
    "Every idempotency key has an answer, for the member who sent it.",
    """
    SELECT id FROM idempotency_keys
    WHERE answer ->> 'id' IS NULL
       OR answer ->> 'client_id' IS DISTINCT FROM client_id::text
    """,
)

KEY_OF_ITS_SESSION = Invariant(
    "key_of_its_session",
    "Every idempotency key points to the session that its answer names, and to none "
    "when that was deleted.",
    """
    SELECT k.id FROM idempotency_keys k
    LEFT JOIN training_sessions x ON x.id::text = k.answer ->> 'id'
    WHERE k.session_id IS DISTINCT FROM x.id OR x.client_id <> k.client_id
    """,
)

KEY_ONCE = Invariant(
    "key_once",
    "No member has an idempotency key twice, and no session has two keys.",
    """
    SELECT k.id FROM idempotency_keys k
    WHERE EXISTS (
        SELECT FROM idempotency_keys other
        WHERE other.id <> k.id
          AND other.client_id = k.client_id AND other.key = k.key)
       OR EXISTS (
        SELECT FROM idempotency_keys other
        WHERE other.id <> k.id AND other.session_id = k.session_id)
    """,
)

KEY_IN_HISTORY = Invariant(
    "key_in_history",
    "Every session booked with an idempotency key has its booking in the history.",
    """
    SELECT k.session_id FROM idempotency_keys k
    WHERE k.session_id IS NOT NULL
      AND NOT EXISTS (
        SELECT FROM booking_events e
        WHERE e.session_id = k.session_id AND e.action = 'booked')
    """,
)

# Texts are compared, for a cast would stop at a line that holds no date at all. The
# history keeps milliseconds, and a time of day is told apart by its seconds.
HISTORY_UP_TO_DATE = Invariant(
    "history_up_to_date",
    "The last line of a session's history says what the session says.",
    """
    SELECT x.id FROM training_sessions x
    JOIN (
        SELECT DISTINCT ON (session_id) session_id, after FROM booking_events
        ORDER BY session_id, id DESC
    ) last ON last.session_id = x.id
    WHERE (x.id::text, x.trainer_id::text, x.client_id::text, x.status,
           x.price::text, to_char(x.session_date, 'YYYY-MM-DD'),
           to_char(x.start_time, 'HH24:MI:SS'), to_char(x.end_time, 'HH24:MI:SS'))
          IS DISTINCT FROM
          (after ->> 'id', after ->> 'trainer_id', after ->> 'client_id',
           after ->> 'status', after ->> 'price', after ->> 'session_date',
           left(after ->> 'start_time', 8), left(after ->> 'end_time', 8))
    """,
)

HISTORY_STEPS = Invariant(
    "history_steps",
    "Every line of the history is a known step at a date in the calendar, with its "
    "session and the status that the step leads to.",
    """
    SELECT id FROM booking_events
    WHERE ((action IN ('priced', 'type_changed')
            AND after ->> 'status' = before ->> 'status'
            OR (action, after ->> 'status') IN (
            ('booked', 'scheduled'), ('confirmed', 'confirmed'),
            ('moved', 'scheduled'), ('moved', 'confirmed'),
            ('cancelled', 'cancelled'), ('completed', 'completed'),
            ('no_show', 'no_show'),
            ('reopened', 'scheduled'), ('reopened', 'confirmed'),
            ('checked_in', 'scheduled'), ('checked_in', 'confirmed'),
            ('check_in_undone', 'scheduled'), ('check_in_undone', 'confirmed'),
            ('mark_undone', 'scheduled'), ('mark_undone', 'confirmed')))
           AND at BETWEEN '1900-01-01Z' AND '9999-12-30Z'
           AND coalesce(session_id::text, after ->> 'id') = after ->> 'id') IS NOT TRUE
    """,
)

HISTORY_BEGINS = Invariant(
    "history_begins",
    "A session is booked once, and that is the first line of its history.",
    """
    SELECT e.id FROM booking_events e
    WHERE (e.action = 'booked') <> (e.before = '{}')
       OR (e.action = 'booked' AND EXISTS (
            SELECT FROM booking_events earlier
            WHERE earlier.session_id = e.session_id AND earlier.id < e.id))
    """,
)

GUARDS_STAND = Invariant(
    "guards_stand",
    "Every rule that the database itself enforces is there, checked and switched on.",
    """
    SELECT guard FROM (VALUES
        ('training_sessions', 'training_sessions_no_trainer_overlap'),
        ('training_sessions', 'training_sessions_no_client_overlap'),
        ('training_sessions', 'training_sessions_end_after_start'),
        ('training_sessions', 'training_sessions_end_same_day'),
        ('training_sessions', 'training_sessions_date_readable'),
        ('training_sessions', 'training_sessions_status_known'),
        ('training_sessions', 'training_sessions_type_known'),
        ('training_sessions', 'training_sessions_price_not_negative'),
        ('training_sessions', 'training_sessions_late_means_cancelled'),
        ('training_sessions', 'training_sessions_client_id_fd7570d2_fk_users_id'),
        ('training_sessions', 'training_sessions_trainer_id_7c3ab90c_fk_trainers_id'),
        ('trainer_schedules', 'trainer_schedules_one_slot_per_time'),
        ('trainer_schedules', 'trainer_schedules_day_of_week_check'),
        ('trainer_schedules', 'trainer_schedules_day_of_week_range'),
        ('trainer_schedules', 'trainer_schedules_status_known'),
        ('trainer_schedules', 'trainer_schedules_time_readable'),
        ('trainer_schedules',
         'trainer_schedules_booking_id_6b2c23ee_fk_training_sessions_id'),
        ('trainer_schedules', 'trainer_schedules_client_id_843d1e5e_fk_users_id'),
        ('trainer_schedules', 'trainer_schedules_trainer_id_c51a3d21_fk_trainers_id'),
        ('booking_events', 'booking_events_actor_id_503a6ec7_fk_users_id'),
        ('booking_events',
         'booking_events_session_id_b3b57649_fk_training_sessions_id'),
        ('idempotency_keys', 'idempotency_keys_one_per_client'),
        ('idempotency_keys', 'idempotency_keys_client_id_b3cf5309_fk_users_id'),
        ('idempotency_keys',
         'idempotency_keys_session_id_273bdbf8_fk_training_sessions_id'),
        ('calendar_feeds', 'calendar_feeds_digest_key'),
        ('calendar_feeds', 'calendar_feeds_one_per_kind'),
        ('calendar_feeds', 'calendar_feeds_kind_known'),
        ('calendar_feeds', 'calendar_feeds_member_id_1782cce3_fk_users_id'),
        ('gym_settings_changes', 'gym_settings_changes_actor_id_db5fd323_fk_users_id'),
        ('gym_settings', 'gym_settings_one_row'),
        ('gym_settings', 'gym_settings_in_range'),
        ('gym_settings', 'gym_settings_joining_known'),
        ('gym_settings', 'gym_settings_id_check'),
        ('gym_settings', 'gym_settings_minimum_notice_hours_check'),
        ('gym_settings', 'gym_settings_horizon_days_check'),
        ('gym_settings', 'gym_settings_most_upcoming_check'),
        ('gym_settings', 'gym_settings_most_per_day_check'),
        ('gym_settings', 'gym_settings_cancel_cut_off_hours_check'),
        ('trainers', 'trainers_slug_key'),
        ('trainers', 'trainers_user_id_key'),
        ('trainers', 'trainers_session_minutes_check'),
        ('trainers', 'trainers_session_minutes_range'),
        ('trainers', 'trainers_hourly_rate_not_negative'),
        ('trainers', 'trainers_user_id_14b4e927_fk_users_id'),
        ('trainer_photos', 'trainer_photos_trainer_id_9a1989bb_fk_trainers_id'),
        ('working_hours', 'working_hours_no_overlap'),
        ('working_hours', 'working_hours_day_of_week_check'),
        ('working_hours', 'working_hours_day_of_week_range'),
        ('working_hours', 'working_hours_end_after_start'),
        ('working_hours', 'working_hours_end_same_day'),
        ('working_hours', 'working_hours_trainer_id_a0834ab1_fk_trainers_id'),
        ('time_off', 'time_off_end_after_start'),
        ('time_off', 'time_off_readable'),
        ('time_off', 'time_off_trainer_id_9042666f_fk_trainers_id'),
        ('closures', 'closures_end_after_start'),
        ('closures', 'closures_readable'),
        ('extra_hours', 'extra_hours_end_after_start'),
        ('extra_hours', 'extra_hours_readable'),
        ('extra_hours', 'extra_hours_no_overlap'),
        ('extra_hours', 'extra_hours_trainer_id_83823026_fk_trainers_id'),
        ('holds', 'holds_end_after_start'),
        ('holds', 'holds_readable'),
        ('holds', 'holds_no_overlap'),
        ('holds', 'holds_client_id_eaa006fa_fk_users_id'),
        ('holds', 'holds_trainer_id_6d4fa092_fk_trainers_id'),
        ('offers', 'offers_answered_once'),
        ('offers', 'offers_digest_key'),
        ('offers', 'offers_hold_id_key'),
        ('offers', 'offers_hold_id_07ff5611_fk_holds_id'),
        ('offers', 'offers_made_by_id_5a717583_fk_users_id'),
        ('offers', 'offers_session_id_4cebbdf6_fk_training_sessions_id')
    ) AS wanted (guarded, guard)
    WHERE NOT EXISTS (
        SELECT FROM pg_constraint c
        WHERE c.conname = guard AND c.conrelid = to_regclass(guarded)
          AND c.convalidated
          -- An index may be left half-built, and a foreign key's triggers be off.
          AND NOT EXISTS (
            SELECT FROM pg_index i
            WHERE i.indexrelid = c.conindid AND c.contype <> 'f'
              AND NOT (i.indisvalid AND i.indisready AND i.indislive))
          AND NOT EXISTS (
            SELECT FROM pg_trigger g
            WHERE g.tgconstraint = c.oid AND g.tgenabled NOT IN ('O', 'A')))
    ORDER BY guard
    """,
)

COLUMNS_FILLED = Invariant(
    "columns_filled",
    "Nothing that the rules look at may be left empty.",
    """
    SELECT a.attrelid::regclass || '.' || a.attname
    FROM pg_attribute a
    WHERE a.attnum > 0 AND NOT a.attisdropped AND NOT a.attnotnull
      AND (a.attrelid = to_regclass('training_sessions')
           AND a.attname NOT IN ('price', 'checked_in_at', 'cancelled_at')
        OR a.attrelid = to_regclass('trainer_schedules')
           AND a.attname IN ('trainer_id', 'day_of_week', 'time_slot', 'status')
        OR a.attrelid = to_regclass('idempotency_keys') AND a.attname <> 'session_id')
    """,
)

INDEXES_VALID = Invariant(
    "indexes_valid",
    "No index is half-built: each finds every row.",
    """
    SELECT i.indexrelid::regclass::text FROM pg_index i
    WHERE i.indrelid IN (to_regclass('training_sessions'),
                         to_regclass('trainer_schedules'),
                         to_regclass('booking_events'),
                         to_regclass('idempotency_keys'),
                         to_regclass('trainers'),
                         to_regclass('working_hours'), to_regclass('time_off'),
                         to_regclass('closures'), to_regclass('extra_hours'),
                         to_regclass('holds'), to_regclass('offers'))
      AND NOT (i.indisvalid AND i.indisready AND i.indislive)
    """,
)

NOBODY_IDLES = Invariant(
    "nobody_idles",
    "No connection has begun a transaction and then done nothing for a minute.",
    """
    SELECT pid FROM pg_stat_activity
    WHERE datname = current_database()
      AND state LIKE 'idle in transaction%'
      AND state_change < clock_timestamp() - interval '60 seconds'
    """,
)

NOBODY_WAITS = Invariant(
    "nobody_waits",
    "No connection has waited for a lock for half a minute.",
    """
    SELECT DISTINCT l.pid FROM pg_locks l
    JOIN pg_stat_activity a USING (pid)
    WHERE a.datname = current_database()
      AND NOT l.granted
      AND l.waitstart < clock_timestamp() - interval '30 seconds'
    """,
)

NOTHING_PREPARED = Invariant(
    "nothing_prepared",
    "No transaction was prepared and then forgotten.",
    """
    SELECT gid FROM pg_prepared_xacts
    WHERE database = current_database()
      AND prepared < clock_timestamp() - interval '60 seconds'
    """,
)

INVARIANTS = (
    TRAINER_ONCE,
    CLIENT_ONCE,
    SESSION_BETWEEN_TWO,
    SESSION_WORDS,
    SESSION_TIMES,
    SLOT_ONCE,
    SLOT_WORDS,
    SLOT_FOLLOWS_SESSIONS,
    SLOT_OUTSIDE_HOURS,
    HOURS_TIMES,
    HOURS_ONCE,
    TIME_OFF_TIMES,
    CLOSURE_TIMES,
    EXTRA_HOURS_TIMES,
    EXTRA_HOURS_ONCE,
    HOLD_TIMES,
    HOLD_ONCE,
    KEY_ANSWERED,
    KEY_OF_ITS_SESSION,
    KEY_ONCE,
    KEY_IN_HISTORY,
    HISTORY_UP_TO_DATE,
    HISTORY_STEPS,
    HISTORY_BEGINS,
    GUARDS_STAND,
    COLUMNS_FILLED,
    INDEXES_VALID,
    NOBODY_IDLES,
    NOBODY_WAITS,
    NOTHING_PREPARED,
)


def check(invariant: Invariant) -> Broken:
    """What breaks the promise now; without ids it holds."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)", [invariant.table])
        is_there = cursor.fetchone() != (None,)
        rows = cursor.execute(invariant.sql).fetchall() if is_there else []
    ids = dict.fromkeys(row[0] for row in rows)
    notes = dict.fromkeys(note for row in rows for note in row[1:])
    return Broken(invariant, tuple(ids), tuple(notes))


def broken_promises() -> list[Broken]:
    """Each promise that does not hold now; empty when all do. Locks nothing."""
    return [broken for broken in map(check, INVARIANTS) if broken.ids]
