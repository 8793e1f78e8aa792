# What speaks for closeness from outside: mistakes on held-out examples, and claims. And what single
# units answer to.


rule evidence:
    input:
        stability="<results>/<study>/stability.zarr",
        signals="<results>/<study>/closeness_raw.zarr",
        activations=each("<results>/<study>/activations/{network}.zarr"),
    output:
        store=directory("<results>/<study>/evidence.zarr"),
        claims=report(
            "<results>/<study>/claims.csv",
            caption="../report/claims.rst",
            category="Pairs",
            labels={"content": "Claims, and what the retrainings say"},
        ),
    log:
        "<logs>/<study>/evidence.log",
    benchmark:
        "<results>/<study>/benchmarks/evidence/all.tsv"
    conda:
        ENVIRONMENT
    resources:
        mem_mb=grown(2000),
        runtime=grown(20),
    params:
        activations=lambda wildcards, input: Path(input.activations[0]).parent,
        options=options("evidence"),
        code=code("evidence"),
    shell:
        "python -m signpaths evidence {input.stability:q} {input.signals:q}"
        " {params.activations:q} {output:q} {params.options} > {log:q} 2>&1"


rule responses:
    input:
        sequences="<results>/<study>/sequences.zarr",
        activations="<results>/<study>/activations/{network}.zarr",
        untrained="<results>/<study>/untrained/{network}.zarr",
    output:
        directory("<results>/<study>/responses/{network}.zarr"),
    log:
        "<logs>/<study>/responses/{network}.log",
    benchmark:
        "<results>/<study>/benchmarks/responses/{network}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=grown(2000),
        runtime=grown(10),
    params:
        options=options("responses"),
        code=code("responses"),
    shell:
        "python -m signpaths responses {input:q} {output:q} {params.options} > {log:q} 2>&1"


rule units:
    input:
        networks="<results>/<study>/networks.txt",
        responses=each("<results>/<study>/responses/{network}.zarr"),
    output:
        store=directory("<results>/<study>/units.zarr"),
        table=report(
            "<results>/<study>/units.csv",
            caption="../report/units.rst",
            category="Units",
            labels={"content": "What single units answer to"},
        ),
    log:
        "<logs>/<study>/units.log",
    benchmark:
        "<results>/<study>/benchmarks/units/all.tsv"
    conda:
        ENVIRONMENT
    resources:
        mem_mb=grown(2000),
        runtime=grown(20),
    params:
        responses=lambda wildcards, input: Path(input.responses[0]).parent,
        options=options("units"),
        code=code("units"),
    shell:
        "python -m signpaths units {input.networks:q} {params.responses:q} {output:q} {params.options} > {log:q} 2>&1"


rule sightings:
    input:
        sequences="<results>/<study>/sequences.zarr",
        activations=of_run("<results>/<study>/activations/{network}.zarr"),
        paths=of_run("<results>/<study>/paths/{network}.zarr"),
        metrics=each("<results>/<study>/networks/{network}/metrics.json"),
        agreement="<results>/<study>/agreement.zarr",
        shared_map="<results>/<study>/shared_map.zarr",
    output:
        directory("<results>/<study>/sightings/{run}.zarr"),
    log:
        "<logs>/<study>/sightings/{run}.log",
    benchmark:
        "<results>/<study>/benchmarks/sightings/{run}.tsv"
    conda:
        ENVIRONMENT
    resources:
        mem_mb=grown(2000),
        runtime=grown(10),
    params:
        activations=lambda wildcards, input: Path(input.activations[0]).parent,
        paths=lambda wildcards, input: Path(input.paths[0]).parent,
        networks=lambda wildcards, input: Path(input.metrics[0]).parents[1],
        code=code("sightings"),
    shell:
        "python -m signpaths sightings {input.sequences:q} {params.activations:q} {params.paths:q}"
        " {params.networks:q} {input.agreement:q} {input.shared_map:q} {output:q}"
        " --run={wildcards.run} > {log:q} 2>&1"
