"""Which items people look at: permanent random numbers, probabilities, allocation, budgets, response."""
