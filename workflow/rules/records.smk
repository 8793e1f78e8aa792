# Included last: whether the results that are there say what made them.


# These options say what to do about results, or take them away.
if workflow.is_main_process and not {
    "--touch",
    "-t",
    "--unlock",
    "--delete-all-output",
} & set(sys.argv):
    unrecorded = [
        output
        for output in records.unrecorded(
            RESULTS,
            [
                str(output)
                for rule in workflow.rules
                for output in rule.output
                if str(output).startswith(f"{STUDY}/")
            ],
        )
        # A wildcard has its own form, which a pattern of file names cannot tell.
        if any(rule.is_producer(output) for rule in workflow.rules)
    ]
    if unrecorded:
        sys.exit(records.refusal(STUDY, unrecorded))
