# One classifier for every LSTM seed, and its hidden states.


rule lstm:
    input:
        sequences="<results>/<study>/sequences.zarr",
        split=lambda wildcards: "<results>/<study>/splits/"
        f"{split_seed(wildcards.lstm_seed)}.csv",
    output:
        model="<results>/<study>/lstm/{lstm_seed}/model.keras",
        untrained="<results>/<study>/lstm/{lstm_seed}/untrained.keras",
        history="<results>/<study>/lstm/{lstm_seed}/history.csv",
        metrics="<results>/<study>/lstm/{lstm_seed}/metrics.json",
    log:
        "<logs>/<study>/lstm/{lstm_seed}.log",
    benchmark:
        "<results>/<study>/benchmarks/lstm/{lstm_seed}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=3000,
        runtime=120,
    params:
        seed=lambda wildcards: training_seed(wildcards.lstm_seed),
        options=options(
            "lstm",
            "units epochs batch_size bucket learning_rate schedule clipnorm patience standardise mask"
            " noise gain offset engine",
        ),
        code=code_hash("lstm"),
    shell:
        "python -m signpaths lstm {input:q} {output:q} --seed {params.seed}"
        " {params.options} > {log:q} 2>&1"


rule activations:
    input:
        sequences="<results>/<study>/sequences.zarr",
        split=lambda wildcards: "<results>/<study>/splits/"
        f"{split_seed(wildcards.lstm_seed)}.csv",
        model="<results>/<study>/lstm/{lstm_seed}/model.keras",
        untrained="<results>/<study>/lstm/{lstm_seed}/untrained.keras",
    output:
        trained=directory("<results>/<study>/activations/{lstm_seed}.zarr"),
        untrained=directory("<results>/<study>/activations/untrained-{lstm_seed}.zarr"),
    log:
        "<logs>/<study>/activations/{lstm_seed}.log",
    benchmark:
        "<results>/<study>/benchmarks/activations/{lstm_seed}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=3000,
        runtime=30,
    params:
        options=options("activations", "mantissa_bits"),
        code=code_hash("activations"),
    shell:
        "python -m signpaths activations {input:q} {output:q} {params.options} > {log:q} 2>&1"
