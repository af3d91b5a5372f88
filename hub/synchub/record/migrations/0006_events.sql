-- Nobody looks for events by what they refer to: those that have no contact yet are looked at by number.
DROP INDEX IF EXISTS event_ref;
