"""The email connector: reads messages and the people written with from an IMAP mailbox."""
