"""Commands to copy, at the end of each command's help.

They run in a clone of the project, and a test runs those that are cheap.
"""

from collections.abc import Mapping, Sequence

Example = tuple[str, str]
"""A command line, and what it does."""

IBUPROFEN = '"CC(C)Cc1ccc(cc1)C(C)C(=O)O"'
"""Its SMILES, quoted for a shell."""

EXAMPLES: Mapping[str, Sequence[Example]] = {
    "explain": (
        (
            f"molxai explain {IBUPROFEN} -o ibuprofen.svg",
            "A picture of ibuprofen, explained for the shipped BACE model.",
        ),
        (
            "molxai explain datasets/drugs/drugs.csv --target active -o drugs.csv",
            "A record for each row of a table, all explained for one class.",
        ),
    ),
    "predict": (
        (f"molxai predict {IBUPROFEN} CCO", "Predictions for two molecules, in the terminal."),
        (
            "molxai predict datasets/drugs/drugs.csv -o predicted.csv",
            "Predictions for a table, with its other columns kept.",
        ),
    ),
    "compare": (
        (
            'molxai compare "Oc1ccccc1C(=O)O" "CC(=O)Oc1ccccc1C(=O)O" -o pair.svg',
            "Two molecules: what the acetyl group changes.",
        ),
        (
            f"molxai compare {IBUPROFEN} --methods lrp,leave-one-out,gae -o compared.html",
            "One molecule: three methods side by side.",
        ),
    ),
    "report": (
        (
            "molxai report datasets/drugs/drugs.csv -o drugs.html",
            "A page of all molecules of a table, to open in a browser.",
        ),
        (
            "molxai report datasets/digits/digits.npz --methods lrp,gae -o digits.html",
            "The same for pictures of digits, by two methods.",
        ),
    ),
    "fragments": (
        (
            "molxai fragments datasets/drugs/drugs.csv",
            "Functional groups, those with the largest relevance first.",
        ),
        (
            "molxai fragments datasets/drugs/drugs.csv --scheme rings -o rings.csv",
            "Ring systems instead, in a file.",
        ),
    ),
    "merge": (
        (
            "molxai merge -o shards.parquet",
            "Join the shards of 'molxai explain ... -o shards.parquet --shard I/N'.",
        ),
        (
            "molxai merge -o all.parquet one.parquet two.parquet",
            "Join shards that were written under other names.",
        ),
    ),
    "train": (
        (
            'molxai train solubility.csv --target-columns logS --unit "log mol/L" -o mine',
            "A model of your own table, for example for 'molxai explain CCO -m mine'.",
        ),
        (
            "molxai train --preset bace -o bace",
            "The shipped BACE model, trained again from its data.",
        ),
    ),
    "pretrain": (
        (
            "molxai pretrain library.smi -o trunk",
            "Pretrained weights from molecules without labels, for 'molxai train --init trunk'.",
        ),
        (
            "molxai pretrain library.smi --exclude test.csv -o trunk",
            "The same, without the molecules of a later test set.",
        ),
    ),
    "tune": (
        ("molxai tune -m mine", "Strengths of lrp-tuned for a trained model, from its train set."),
        ("molxai tune -m mine --sample 50", "The same in half of the time, on fewer graphs."),
    ),
    "evaluate": (
        (
            "molxai evaluate -m mine --baseline",
            "A trained model on its own test set, with a random forest beside it.",
        ),
        (
            "molxai evaluate new.csv -m mine -o quality.json",
            "A trained model on another table with labels.",
        ),
    ),
    "serve": (
        ("molxai serve --open", "The workbench, opened in a browser on this machine."),
        ("molxai serve -m mine --port 0", "With a model of your own, on any free port."),
    ),
    "models": (("molxai models", "The shipped models, and how good they are."),),
    "methods": (("molxai methods", "The methods that --method can name."),),
    "data list": (
        ("molxai data list", "The data sets, and whether they are on this machine."),
        ("molxai data list --data sets", "The same for a folder of your choice."),
    ),
    "data download": (
        ("molxai data download bace", "Into the folder that 'molxai data path bace' prints."),
        ("molxai data download mnist --data sets", "Into a folder of your choice."),
    ),
    "data path": (
        ("molxai data path bace", "Where to put the files if you download them in another way."),
        ("molxai data path mnist --data sets", "The same in a folder of your choice."),
    ),
    "benchmark speed": (
        (
            "molxai benchmark speed datasets/drugs/drugs.smi --methods lrp,rollout",
            "Two methods, timed on 14 molecules.",
        ),
        (
            "molxai benchmark speed --library library.smi --repeats 1,4",
            "A whole library as well, once and four times over.",
        ),
    ),
    "benchmark interruption": (
        (
            "molxai benchmark interruption datasets/drugs/drugs.smi --points 5",
            "Kill and resume a run five times.",
        ),
        (
            "molxai benchmark interruption datasets/drugs/drugs.smi --points 5 --chunk 4",
            "The same with smaller chunks.",
        ),
    ),
    "benchmark families": (
        ("molxai benchmark families bert t5 swin", "Three types of models."),
        (
            "molxai benchmark families -o families.csv",
            "All that transformers has, in about 20 minutes.",
        ),
    ),
    "benchmark faithfulness": (
        (
            "molxai benchmark faithfulness datasets/drugs/drugs.smi --methods lrp,random -o study",
            "Two methods on molecules of your own.",
        ),
        (
            "molxai benchmark faithfulness -m bace --sample 152 -o study",
            "All methods on the model's own test set.",
        ),
    ),
    "benchmark groundtruth": (
        (
            "molxai benchmark groundtruth --task benzene --data benzene.csv -o truth",
            "Do the methods find the ring that decides the label?",
        ),
        (
            "molxai benchmark groundtruth --task smarts --smarts 'C(=O)N' "
            "--data molecules.smi -o truth",
            "The same for a pattern of your own.",
        ),
    ),
    "benchmark accuracy": (
        (
            "molxai benchmark accuracy -o accuracy",
            "The BACE recipe with five seeds, and a random forest.",
        ),
        (
            "molxai benchmark accuracy --protocol random --ensemble 3 -o accuracy",
            "On random splits, with ensembles of three.",
        ),
    ),
    "benchmark cliffs": (
        (
            "molxai benchmark cliffs CHEMBL4616_EC50.csv CHEMBL204_Ki.csv -o cliffs",
            "Two tables of MoleculeACE, five seeds each.",
        ),
        (
            "molxai benchmark cliffs mine.csv --target-columns pKi --methods lrp,shap -o cliffs",
            "A table of your own with the columns smiles, pKi, split and cliff_mol.",
        ),
    ),
}
"""Examples by command."""
