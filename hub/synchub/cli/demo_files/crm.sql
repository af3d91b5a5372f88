CREATE TABLE contacts (
    id           INTEGER PRIMARY KEY,
    email        TEXT UNIQUE,
    first_name   TEXT,
    last_name    TEXT,
    phone        TEXT,
    company      TEXT,
    city         TEXT,
    country      TEXT,
    stage        TEXT DEFAULT 'Lead',
    unsubscribed BOOLEAN NOT NULL DEFAULT 0,
    updated_at   TEXT
);
INSERT INTO contacts VALUES
    (1, 'ann.lee@example.com', 'Ann', 'Lee', NULL, 'Lee Consulting', 'Berlin', 'DE', 'Opportunity', 0, '2024-03-01T09:00:00Z'),
    (2, 'bob@example.com', 'Bob', 'Ray', '+493055501', NULL, 'Potsdam', 'DE', 'Lead', 0, '2024-04-11T12:30:00Z'),
    (3, 'cyd@example.org', 'Cyd', 'Vance', '+4940999111', 'Vance GmbH', 'Hamburg', 'DE', 'Customer', 0, '2024-02-20T08:15:00Z'),
    (4, 'dee@example.com', 'Dee', 'Okafor', NULL, NULL, NULL, NULL, 'Lead', 0, '2023-11-05T17:45:00Z'),
    (5, 'eve@example.com', 'Eve', 'Marsh', '+493012121', 'Marsh Ltd', 'London', 'GB', 'Customer', 1, '2024-01-09T10:00:00Z');
