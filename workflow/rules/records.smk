# Included last: whether the results that are there say what made them.


def settle():
    """Compare what is there with its records; give what nothing vouches for."""
    patterns = [
        str(output)
        for rule in workflow.rules
        for output in rule.output
        if str(output).startswith(f"{STUDY}/")
    ]
    outputs = [
        path
        for path in records.there(patterns)
        # A wildcard has its own form, which a pattern of file names cannot tell.
        if any(rule.is_producer(path) for rule in workflow.rules)
    ]
    others = [str(path) for path in COMPARED_FILES if path.exists()]
    found = records.unrecorded(RESULTS, config["study"], [*outputs, *others])
    return [path for path in found if path not in others]


if workflow.is_main_process:
    if any(word.startswith("--drop") for word in sys.argv):
        sys.exit(
            "--drop-metadata: without its records nobody could tell what made a result. Leave it out."
        )
    unrecorded = settle()
    # These say what to do about results, or take them away.
    if unrecorded and not any(
        word.startswith(("--to", "-t", "--unlock", "--delete-all-output"))
        for word in sys.argv
    ):
        sys.exit(records.refusal(STUDY, unrecorded))


# What was made is noted at once, so that it is known again wherever it is copied to.
onsuccess:
    settle()


onerror:
    settle()
