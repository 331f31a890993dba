"""When a schedule is due."""

import schedules


def test_at_is_read_in_the_schedules_own_zone_and_in_utc_without_one():
    utc = schedules.due_at({"ScheduleExpression": "at(2026-07-01T12:00:00)"})
    oslo = schedules.due_at({"ScheduleExpression": "at(2026-07-01T12:00:00)", "ScheduleExpressionTimezone": "Europe/Oslo"})
    assert utc - oslo == 2 * 3600


def test_recurring_schedules_are_left_alone():
    assert schedules.due_at({"ScheduleExpression": "rate(1 minute)"}) is None
    assert schedules.due_at({"ScheduleExpression": "cron(0 0 * * ? *)"}) is None
