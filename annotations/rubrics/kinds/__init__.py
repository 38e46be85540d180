"""The kinds of question: a module each says what a valid question is and what a valid answer to it is.

A question is checked once, when its rubric is published, and stored as a plain object. Answers are checked against that
object by `check_…(question, answer, item)`, wherever they come from: browser, API, import or judge.
"""
