CREATE TABLE customers (
    customer_no   INTEGER PRIMARY KEY,
    mail          TEXT NOT NULL UNIQUE,
    forename      TEXT,
    surname       TEXT,
    tel           TEXT,
    mobile        TEXT,
    town          TEXT,
    country       TEXT,
    dob           TEXT,
    no_newsletter BOOLEAN NOT NULL DEFAULT 0,
    changed_at    TEXT
);
INSERT INTO customers VALUES
    (501, 'ANN.LEE@example.com', 'Ann', 'Lee', '030 1234567', NULL, 'BERLIN', 'DE', '03.02.1985', 0, '2024-04-02T11:00:00Z'),
    (502, 'cyd@example.org', 'Cyd', 'Vance-Ito', '040 999111', '0171 5550199', 'Kiel', 'DE', NULL, 0, '2024-05-06T15:20:00Z'),
    (503, 'eve@example.com', 'Eve', 'Marsh', NULL, NULL, 'London', 'GB', '17.08.1990', 0, '2024-02-01T09:30:00Z'),
    (504, 'finn@example.com', 'Finn', 'Berg', NULL, '0160 5551234', 'Kiel', 'DE', '29.02.1992', 0, '2024-05-01T07:00:00Z');
