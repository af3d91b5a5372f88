"""The steps of a run, each between two others in the line. They move values between the store, the systems and the
deciding rooms."""
