# From raw recordings to padded sequences and their splits.


rule simulate:
    output:
        folder=directory("<results>/<study>/simulated"),
        planted="<results>/<study>/planted.csv",
    log:
        "<logs>/<study>/simulate.log",
    conda:
        ENVIRONMENT
    resources:
        mem_mb=grown(1000),
        runtime=grown(10),
    params:
        options=options("simulate"),
        code=code("simulate"),
    shell:
        "python -m signpaths simulate {output:q} {params.options} > {log:q} 2>&1"


rule tsd:
    input:
        source,
    output:
        directory("<results>/<study>/recordings.zarr"),
    log:
        "<logs>/<study>/tsd.log",
    benchmark:
        "<results>/<study>/benchmarks/tsd/all.tsv"
    conda:
        ENVIRONMENT
    resources:
        mem_mb=grown(1000),
        runtime=grown(10),
    params:
        # Of a local source, where it lies is no reason to read it again.
        source=lambda wildcards, input: input or SOURCE,
        content=lambda wildcards: source_content(),
        options=options("tsd"),
        code=code("tsd"),
    shell:
        "python -m signpaths tsd {params.source:q} {output:q} {params.options} > {log:q} 2>&1"


rule sequences:
    input:
        "<results>/<study>/recordings.zarr",
    output:
        store=directory("<results>/<study>/sequences.zarr"),
        excluded="<results>/<study>/excluded.csv",
    log:
        "<logs>/<study>/sequences.log",
    benchmark:
        "<results>/<study>/benchmarks/sequences/all.tsv"
    conda:
        ENVIRONMENT
    resources:
        mem_mb=grown(1000),
        runtime=grown(10),
    params:
        options=options("sequences"),
        code=code("sequences"),
    shell:
        "python -m signpaths sequences {input:q} {output:q} {params.options} > {log:q} 2>&1"


rule named_signs:
    input:
        "<results>/<study>/sequences.zarr",
    output:
        "<results>/<study>/named_signs.csv",
    log:
        "<logs>/<study>/named_signs.log",
    # Before any training, so that a misspelt sign is told at once.
    priority: 1
    localrule: True
    conda:
        ENVIRONMENT
    resources:
        mem_mb=grown(1000),
        runtime=grown(10),
    params:
        options=options("named_signs"),
        code=code("named_signs"),
    shell:
        "python -m signpaths named-signs {input:q} {output:q} {params.options} > {log:q} 2>&1"


rule splits:
    input:
        "<results>/<study>/sequences.zarr",
    output:
        "<results>/<study>/splits/{split}.csv",
    log:
        "<logs>/<study>/splits/{split}.log",
    conda:
        ENVIRONMENT
    resources:
        mem_mb=grown(1000),
        runtime=grown(10),
    params:
        options=options("splits"),
        code=code("splits"),
    shell:
        "python -m signpaths splits {input:q} {output:q} --seed {wildcards.split}"
        " {params.options} > {log:q} 2>&1"
