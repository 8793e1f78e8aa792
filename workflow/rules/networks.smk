# The networks of a study, one trained for each seed, and their hidden states.


rule networks:
    output:
        "<results>/<study>/networks.txt",
    log:
        "<logs>/<study>/networks.log",
    localrule: True
    conda:
        ENVIRONMENT
    resources:
        mem_mb=grown(1000),
        runtime=grown(10),
    params:
        options=options("networks"),
        code=code("networks"),
    shell:
        "python -m signpaths networks {output:q} {params.options} > {log:q} 2>&1"


rule lstm:
    input:
        sequences="<results>/<study>/sequences.zarr",
        split=lambda wildcards: split_of(wildcards.network),
    output:
        model="<results>/<study>/networks/{network}/model.keras",
        untrained="<results>/<study>/networks/{network}/untrained.keras",
        history="<results>/<study>/networks/{network}/history.csv",
        metrics="<results>/<study>/networks/{network}/metrics.json",
    log:
        "<logs>/<study>/lstm/{network}.log",
    benchmark:
        "<results>/<study>/benchmarks/lstm/{network}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=grown(2000),
        runtime=grown(60),
    params:
        seed=lambda wildcards: training_seed(wildcards.network),
        options=options("lstm"),
        code=code("lstm"),
    shell:
        "python -m signpaths lstm {input:q} {output:q} --seed {params.seed}"
        " {params.options} > {log:q} 2>&1"


rule activations:
    input:
        sequences="<results>/<study>/sequences.zarr",
        split=lambda wildcards: split_of(wildcards.network),
        model="<results>/<study>/networks/{network}/model.keras",
        untrained="<results>/<study>/networks/{network}/untrained.keras",
    output:
        trained=directory("<results>/<study>/activations/{network}.zarr"),
        untrained=directory("<results>/<study>/untrained/{network}.zarr"),
    log:
        "<logs>/<study>/activations/{network}.log",
    benchmark:
        "<results>/<study>/benchmarks/activations/{network}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=grown(1000),
        runtime=grown(10),
    params:
        options=options("activations"),
        code=code("activations"),
    shell:
        "python -m signpaths activations {input:q} {output:q} {params.options} > {log:q} 2>&1"
