// Search for any substructure, by the RDKit that a report carries if it was written with --search.
"use strict";

(() => {
  const AT_ONCE = 200; // molecules between two looks at what the user does

  let starting = null; // RDKit, begun by the first search
  const molecules = new Map(); // by SMILES; null for one that cannot be read

  /** Whether the page carries RDKit. */
  molxai.canSearch = () => Boolean(document.getElementById("rdkit"));

  async function start() {
    const packed = atob(document.getElementById("rdkit").textContent);
    const bytes = Uint8Array.from(packed, (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    const module = await WebAssembly.compile(await new Response(stream).arrayBuffer());
    const instantiateWasm = async (imports, use) => {
      use(await WebAssembly.instantiate(module, imports));
    };
    return window.initRDKitModule({ instantiateWasm });
  }

  function isAromatic(molecule) {
    const extensions = JSON.parse(molecule.get_json()).molecules[0].extensions || [];
    return extensions.some((extension) => extension.aromaticAtoms?.length);
  }

  /**
   * The pattern as RDKit's query, read as `molxai.chemistry.substructure.query` reads it: as SMARTS,
   * except a SMILES with an aromatic ring of written double bonds.
   */
  function query(rdkit, pattern) {
    const text = pattern.trim();
    const smarts = text && rdkit.get_qmol(text);
    if (!smarts) {
      throw new Error("RDKit cannot read this as SMARTS: check brackets, ring closures and commas.");
    }
    const molecule = rdkit.get_mol(text);
    const isKekule = molecule && !isAromatic(smarts) && isAromatic(molecule);
    const wanted = isKekule ? rdkit.get_qmol(molecule.get_smiles()) : smarts;
    molecule?.delete();
    if (isKekule) smarts.delete();
    return wanted;
  }

  function molecule(rdkit, smiles) {
    if (!molecules.has(smiles)) molecules.set(smiles, rdkit.get_mol(smiles));
    return molecules.get(smiles);
  }

  /** Numbers of the rows that have the substructure; throws if the pattern cannot be read. */
  molxai.rowsWith = async (pattern, views) => {
    starting = starting || start();
    const rdkit = await starting;
    const wanted = query(rdkit, pattern);
    const rows = [];
    for (const [place, view] of views.entries()) {
      if (place % AT_ONCE === AT_ONCE - 1) await new Promise((resolve) => setTimeout(resolve));
      const one = view.smiles && molecule(rdkit, view.smiles);
      if (one && one.get_substruct_match(wanted) !== "{}") rows.push(view.row);
    }
    wanted.delete();
    return rows;
  };
})();
