"""The whole real engine, from one seed, against simulated systems: what people do, what breaks, and what must hold all the same.

    python -m synchub.testing.simulation --seeds 100

`play(draw(seed))` plays one history; a history is a value that can be printed, pasted into a test and made shorter.
"""
