def of_leadline(harness, databases, Leadline, options, results):
    pass
