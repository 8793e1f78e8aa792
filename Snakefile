from snakemake.utils import min_version

min_version("9.27")


configfile: "config/config.yaml"


include: "workflow/rules/common.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/networks.smk"
include: "workflow/rules/projections.smk"
include: "workflow/rules/closeness.smk"
include: "workflow/rules/stability.smk"
include: "workflow/rules/evidence.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/records.smk"


# All that docs/results.md lists is a target, so that what is lost is made again.
rule all:
    default_target: True
    input:
        all_of(rules.simulate) if SOURCE == "simulate" else [],
        all_of(rules.tsd),
        all_of(rules.sequences),
        all_of(rules.named_signs),
        all_of(rules.splits),
        all_of(rules.networks),
        all_of(rules.lstm),
        all_of(rules.activations),
        all_of(rules.autoencoder),
        all_of(rules.reference),
        all_of(rules.alignment),
        all_of(rules.shared),
        all_of(rules.paths),
        all_of(rules.quality),
        COMPARED_BOTTLENECKS,
        all_of(rules.closeness),
        all_of(rules.closeness_raw),
        all_of(rules.stability),
        all_of(rules.agreement),
        all_of(rules.shared_map),
        all_of(rules.evidence),
        all_of(rules.responses),
        all_of(rules.units),
        all_of(rules.sightings),
        all_of(rules.figures),
        all_of(rules.run_figures),
        all_of(rules.film),
        all_of(rules.method),
        all_of(rules.excerpts),
        all_of(rules.explorer),
        all_of(rules.provenance),
        all_of(rules.report),
