# Which pairs stay close over retrainings, and how alike the runs are.


rule stability:
    input:
        networks="<results>/<study>/networks.txt",
        raw="<results>/<study>/closeness_raw.zarr",
        closeness=each("<results>/<study>/closeness/{network}.zarr"),
    output:
        store=directory("<results>/<study>/stability.zarr"),
        pairs=report(
            "<results>/<study>/pairs.csv",
            caption="../report/pairs.rst",
            category="Pairs",
            labels={"content": "Every pair, every statistic"},
        ),
    log:
        "<logs>/<study>/stability.log",
    benchmark:
        "<results>/<study>/benchmarks/stability/all.tsv"
    conda:
        ENVIRONMENT
    resources:
        mem_mb=grown(3000),
        runtime=grown(30),
    params:
        closeness=lambda wildcards, input: Path(input.closeness[0]).parent,
        options=options("stability"),
        code=code("stability"),
    shell:
        "python -m signpaths stability {input.networks:q} {input.raw:q} {params.closeness:q} {output:q}"
        " {params.options} > {log:q} 2>&1"


rule agreement:
    input:
        networks="<results>/<study>/networks.txt",
        activations=each("<results>/<study>/activations/{network}.zarr"),
        closeness=each("<results>/<study>/closeness/{network}.zarr"),
        metrics=each("<results>/<study>/networks/{network}/metrics.json"),
    output:
        directory("<results>/<study>/agreement.zarr"),
    log:
        "<logs>/<study>/agreement.log",
    benchmark:
        "<results>/<study>/benchmarks/agreement/all.tsv"
    conda:
        ENVIRONMENT
    resources:
        mem_mb=grown(2000),
        runtime=grown(30),
    params:
        activations=lambda wildcards, input: Path(input.activations[0]).parent,
        closeness=lambda wildcards, input: Path(input.closeness[0]).parent,
        metrics=lambda wildcards, input: Path(input.metrics[0]).parents[1],
        options=options("agreement"),
        code=code("agreement"),
    shell:
        "python -m signpaths agreement {input.networks:q} {params.activations:q} {params.closeness:q}"
        " {params.metrics:q} {output:q} {params.options} > {log:q} 2>&1"


rule shared_map:
    input:
        networks="<results>/<study>/networks.txt",
        alignment=each("<results>/<study>/alignment/{network}.zarr"),
        closeness=each("<results>/<study>/closeness/{network}.zarr"),
        quality=each("<results>/<study>/quality/{network}.zarr"),
    output:
        directory("<results>/<study>/shared_map.zarr"),
    log:
        "<logs>/<study>/shared_map.log",
    benchmark:
        "<results>/<study>/benchmarks/shared_map/all.tsv"
    conda:
        ENVIRONMENT
    resources:
        mem_mb=grown(2000),
        runtime=grown(20),
    params:
        alignment=lambda wildcards, input: Path(input.alignment[0]).parent,
        closeness=lambda wildcards, input: Path(input.closeness[0]).parent,
        quality=lambda wildcards, input: Path(input.quality[0]).parent,
        options=options("shared_map"),
        code=code("shared_map"),
    shell:
        "python -m signpaths shared-map {input.networks:q} {params.alignment:q} {params.closeness:q}"
        " {params.quality:q} {output:q} {params.options} > {log:q} 2>&1"
