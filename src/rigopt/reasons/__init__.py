"""Why an answer is as it is: clashes and ways out, what binds, ranges, why (not) a part."""
