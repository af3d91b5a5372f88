"""From finished reports to what people and programs read. Nothing here decides or looks anything up."""
