# What speaks for closeness from outside: mistakes on held-out examples, and claims.


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
        mem_mb=2000,
        runtime=30,
    params:
        activations=lambda wildcards, input: Path(input.activations[0]).parent,
        options=options("evidence"),
        code=code("evidence"),
    shell:
        "python -m signpaths evidence {input.stability:q} {input.signals:q}"
        " {params.activations:q} {output:q} {params.options} > {log:q} 2>&1"
