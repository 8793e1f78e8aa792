# How close every pair of signs is, in every space of every run.


rule closeness:
    input:
        activations="<results>/<study>/activations/{network}.zarr",
        untrained="<results>/<study>/untrained/{network}.zarr",
        paths="<results>/<study>/paths/{network}.zarr",
    output:
        directory("<results>/<study>/closeness/{network}.zarr"),
    log:
        "<logs>/<study>/closeness/{network}.log",
    benchmark:
        "<results>/<study>/benchmarks/closeness/{network}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=grown(2000),
        runtime=grown(10),
    params:
        options=options("closeness"),
        code=code("closeness"),
    shell:
        "python -m signpaths closeness {input:q} {output:q} {params.options} > {log:q} 2>&1"


rule closeness_raw:
    input:
        sequences="<results>/<study>/sequences.zarr",
        split=split_of(0),
    output:
        directory("<results>/<study>/closeness_raw.zarr"),
    log:
        "<logs>/<study>/closeness_raw.log",
    benchmark:
        "<results>/<study>/benchmarks/closeness_raw/all.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=grown(1500),
        runtime=grown(10),
    params:
        options=options("closeness_raw"),
        code=code("closeness_raw"),
    shell:
        "python -m signpaths closeness-raw {input:q} {output:q} {params.options} > {log:q} 2>&1"
