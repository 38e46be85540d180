"""From chosen items to labels and decisions one may trust: rubrics, queue, labels, resolutions."""
