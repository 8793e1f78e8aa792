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


rule all:
    default_target: True
    input:
        "<results>/<study>/report.html",
        "<results>/<study>/pairs.csv",
        "<results>/<study>/claims.csv",
        "<results>/<study>/method.md",
        "<results>/<study>/provenance.json",
        "<results>/<study>/stability.zarr",
        "<results>/<study>/evidence.zarr",
        "<results>/<study>/units.zarr",
        "<results>/<study>/units.csv",
        "<results>/<study>/agreement.zarr",
        "<results>/<study>/shared_map.zarr",
        rules.figures.output,
        expand(rules.run_figures.output, run=RUNS),
        expand(rules.film.output, run=RUNS, map=FILMED),
