# What people read: figures, the method in words, what made the study, and the page.


rule method:
    input:
        stability="<results>/<study>/stability.zarr",
        quality=f"<results>/<study>/quality/{REFERENCE}.zarr",
        agreement="<results>/<study>/agreement.zarr",
        shared_map="<results>/<study>/shared_map.zarr",
        evidence="<results>/<study>/evidence.zarr",
        units="<results>/<study>/units.zarr",
    output:
        report(
            "<results>/<study>/method.md",
            caption="../report/method.rst",
            category="Report",
            labels={"content": "What was computed, for a paper"},
        ),
    log:
        "<logs>/<study>/method.log",
    conda:
        ENVIRONMENT
    params:
        options=options("method"),
        code=code("method"),
    shell:
        "python -m signpaths method {input:q} {output:q} {params.options} > {log:q} 2>&1"


rule figures:
    input:
        # Nothing in it is drawn; it says that the study has the signs.
        named="<results>/<study>/named_signs.csv",
        stability="<results>/<study>/stability.zarr",
        agreement="<results>/<study>/agreement.zarr",
        shared_map="<results>/<study>/shared_map.zarr",
        paths=f"<results>/<study>/paths/{REFERENCE}.zarr",
        metrics=each("<results>/<study>/networks/{network}/metrics.json"),
    output:
        paths=[
            report(
                f"<results>/<study>/figures/paths-{space.name}.png",
                caption="../report/paths.rst",
                category="Example paths",
                labels={"projection": space.kind, "dimensions": str(space.dims)},
            )
            for space in projections(DIMS, shared_seeds=len(SHARED_SEEDS))
        ],
        shared_map=report(
            "<results>/<study>/figures/shared-map.png",
            caption="../report/shared_map.rst",
            category="Shared map",
            labels={"content": "Mean paths of all signs over all networks"},
        ),
        retrainings=report(
            "<results>/<study>/figures/retrainings.png",
            caption="../report/retrainings.rst",
            category="Shared map",
            labels={"content": "Pairs in every network"},
        ),
        parting=report(
            "<results>/<study>/figures/parting.png",
            caption="../report/parting.rst",
            category="Shared map",
            labels={"content": "Where pairs part"},
        ),
        pairs=report(
            "<results>/<study>/figures/pairs.png",
            caption="../report/pairs_figure.rst",
            category="Pairs",
            labels={"content": "The most stable pairs"},
        ),
        networks=report(
            "<results>/<study>/figures/networks.png",
            caption="../report/networks.rst",
            category="Pairs",
            labels={"content": "Pairs by network"},
        ),
        variance=report(
            "<results>/<study>/figures/variance.png",
            caption="../report/variance.rst",
            category="Runs",
            labels={"content": "Where the instability comes from"},
        ),
        accuracy=report(
            "<results>/<study>/figures/accuracy.png",
            caption="../report/accuracy.rst",
            category="Runs",
            labels={"content": "Accuracy of every network"},
        ),
        runs=report(
            "<results>/<study>/figures/runs.png",
            caption="../report/runs.rst",
            category="Runs",
            labels={"content": "How alike the networks are"},
        ),
        vector=expand(
            "<results>/<study>/figures/{name}.svg",
            name=["pairs", "accuracy", "shared-map"],
        ),
    log:
        "<logs>/<study>/figures.log",
    benchmark:
        "<results>/<study>/benchmarks/figures/all.tsv"
    conda:
        ENVIRONMENT
    resources:
        mem_mb=3000,
        runtime=30,
    params:
        networks=lambda wildcards, input: Path(input.metrics[0]).parents[1],
        folder=lambda wildcards, output: Path(output.pairs).parent,
        options=options("figures"),
        code=code("figures"),
    shell:
        "python -m signpaths figures {input.stability:q} {input.agreement:q} {input.shared_map:q}"
        " {input.paths:q} {params.networks:q} {params.folder:q} {params.options} > {log:q} 2>&1"


rule provenance:
    input:
        networks="<results>/<study>/networks.txt",
        recordings="<results>/<study>/recordings.zarr",
        # Written last, so the time of every rule before it is known.
        evidence="<results>/<study>/evidence.zarr",
        agreement="<results>/<study>/agreement.zarr",
        units="<results>/<study>/units.zarr",
        quality=each("<results>/<study>/quality/{network}.zarr"),
        benchmarks=benchmarks_of(
            rules.tsd,
            rules.sequences,
            rules.lstm,
            rules.activations,
            rules.autoencoder,
            rules.reference,
            rules.alignment,
            rules.shared,
            rules.paths,
            rules.quality,
            rules.closeness,
            rules.closeness_raw,
            rules.stability,
            rules.agreement,
            rules.shared_map,
            rules.evidence,
            rules.responses,
            rules.units,
            rules.figures,
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
        # It tells the hash of every stage's code, those that run after it included.
        stages=" ".join(map(code, BY_RULE)),
        code=code("provenance"),
    shell:
        "python -m signpaths provenance {input.networks:q} {input.recordings:q} {params.benchmarks:q}"
        " {output:q} --config={params.config:q} > {log:q} 2>&1"


rule report:
    input:
        stability="<results>/<study>/stability.zarr",
        sequences="<results>/<study>/sequences.zarr",
        excluded="<results>/<study>/excluded.csv",
        paths=f"<results>/<study>/paths/{REFERENCE}.zarr",
        metrics=each("<results>/<study>/networks/{network}/metrics.json"),
        figures=rules.figures.output,
        provenance="<results>/<study>/provenance.json",
        evidence="<results>/<study>/evidence.zarr",
        claims="<results>/<study>/claims.csv",
        agreement="<results>/<study>/agreement.zarr",
        shared_map="<results>/<study>/shared_map.zarr",
        units="<results>/<study>/units.zarr",
        quality=each("<results>/<study>/quality/{network}.zarr"),
        compared=compared,
        planted="<results>/<study>/planted.csv" if SOURCE == "simulate" else [],
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
        networks=lambda wildcards, input: Path(input.metrics[0]).parents[1],
        figures=lambda wildcards, input: Path(input.figures[0]).parent,
        quality=lambda wildcards, input: Path(input.quality[0]).parent,
        planted=lambda wildcards, input: (
            ["--planted", input.planted] if input.planted else []
        ),
        compare=lambda wildcards, input: [
            f"--compare={Path(store).parent}" for store in input.compared[::2]
        ],
        options=options("report"),
        code=code("report"),
    shell:
        "python -m signpaths report {input.stability:q} {input.sequences:q} {input.excluded:q}"
        " {input.paths:q} {params.networks:q} {params.figures:q} {input.provenance:q} {output:q}"
        " --evidence {input.evidence:q} --claims {input.claims:q} --agreement {input.agreement:q}"
        " --shared-map {input.shared_map:q} --units {input.units:q} --quality {params.quality:q} {params.compare:q} {params.planted:q} {params.options} > {log:q} 2>&1"
