"""What people decide: values, joins, splits, answers, undo; and finding the record they mean."""
