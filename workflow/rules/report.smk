# What made the study, and the page that people read.


rule provenance:
    input:
        recordings="<results>/<study>/recordings.zarr",
        # Written last, so the time of every rule before it is known.
        evidence="<results>/<study>/evidence.zarr",
        agreement="<results>/<study>/agreement.zarr",
        quality=expand(
            "<results>/<study>/quality/{lstm_seed}.zarr", lstm_seed=LSTM_SEEDS
        ),
    output:
        "<results>/<study>/provenance.json",
    log:
        "<logs>/<study>/provenance.log",
    conda:
        ENVIRONMENT
    params:
        benchmarks=lambda wildcards, output: Path(output[0]).parent / "benchmarks",
        config=verbatim(json.dumps(config, sort_keys=True)),
        code=code_hash("provenance"),
    shell:
        "python -m signpaths provenance {input.recordings:q} {params.benchmarks:q} {output:q}"
        " --config={params.config:q} > {log:q} 2>&1"


rule report:
    input:
        stability="<results>/<study>/stability.zarr",
        pairs="<results>/<study>/pairs.csv",
        sequences="<results>/<study>/sequences.zarr",
        excluded="<results>/<study>/excluded.csv",
        paths=f"<results>/<study>/paths/{config['report']['reference_seed']}.zarr",
        metrics=expand(
            "<results>/<study>/lstm/{lstm_seed}/metrics.json", lstm_seed=LSTM_SEEDS
        ),
        figures="<results>/<study>/figures/pairs.png",
        provenance="<results>/<study>/provenance.json",
        evidence="<results>/<study>/evidence.zarr",
        claims="<results>/<study>/claims.csv",
        agreement="<results>/<study>/agreement.zarr",
        quality=expand(
            "<results>/<study>/quality/{lstm_seed}.zarr", lstm_seed=LSTM_SEEDS
        ),
        compare=expand(
            "<results>/{other}/stability.zarr", other=config["report"]["compare"]
        ),
        planted=["<results>/<study>/planted.csv"] if SOURCE == "simulate" else [],
    output:
        report(
            "<results>/<study>/report.html",
            caption="../report/report.rst",
            category="Report",
            labels={"content": "The whole report, one page"},
        ),
    log:
        "<logs>/<study>/report.log",
    conda:
        ENVIRONMENT
    resources:
        mem_mb=3000,
        runtime=30,
    params:
        lstm=lambda wildcards, input: Path(input.metrics[0]).parents[1],
        figures=lambda wildcards, input: Path(input.figures).parent,
        planted=lambda wildcards, input: (
            ["--planted", *input.planted] if input.planted else []
        ),
        compare=lambda wildcards, input: (
            ["--compare", *input.compare] if input.compare else []
        ),
        options=options("report", "title"),
        code=code_hash("report"),
    shell:
        "python -m signpaths report {input.stability:q} {input.pairs:q} {input.sequences:q}"
        " {input.excluded:q} {input.paths:q} {params.lstm:q} {params.figures:q}"
        " {input.provenance:q} {output:q} --evidence {input.evidence:q} --claims {input.claims:q}"
        " --agreement {input.agreement:q} --quality {input.quality:q} {params.compare:q}"
        " {params.planted:q} {params.options} > {log:q} 2>&1"
