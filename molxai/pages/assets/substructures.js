// Search for any substructure, by the RDKit that a report carries if it was written with --search.
"use strict";

(() => {
  const AT_ONCE = 50; // milliseconds between two looks at what the user does
  const LONGEST = 500; // characters of a pattern; RDKit's stack ends at some 900 atoms in a row

  let starting = null; // RDKit, begun by the first search
  let newest = 0; // number of the last search
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

  /** What RDKit makes; null if it fails, after which it begins anew. */
  function attempt(make) {
    try {
      return make();
    } catch (error) {
      console.warn(error);
      forget();
      return null;
    }
  }

  /**
   * The pattern as RDKit's query, read as `molxai.chemistry.substructure.query` reads it: as SMARTS,
   * except a SMILES with an aromatic ring of written double bonds.
   */
  function query(rdkit, pattern) {
    const text = pattern.trim();
    if (text.length > LONGEST) {
      throw new Error(`This pattern has ${text.length} characters: at most ${LONGEST} are read.`);
    }
    const smarts = text && attempt(() => rdkit.get_qmol(text));
    if (!smarts) {
      throw new Error("RDKit cannot read this as SMARTS: check brackets, ring closures and commas.");
    }
    const molecule = attempt(() => rdkit.get_mol(text));
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

  /** The rows that have what is wanted; the search ends when a newer one begins. */
  async function found(rdkit, wanted, views) {
    const mine = newest;
    const rows = [];
    let looked = performance.now();
    for (const view of views) {
      if (performance.now() - looked > AT_ONCE) {
        await new Promise((resolve) => setTimeout(resolve));
        if (mine !== newest) break;
        looked = performance.now();
      }
      const one = view.smiles && molecule(rdkit, view.smiles);
      if (one && one.get_substruct_match(wanted) !== "{}") rows.push(view.row);
    }
    return rows;
  }

  /** Begin anew: after a failure nothing in RDKit's memory can be relied on. */
  function forget() {
    starting = null;
    molecules.clear();
  }

  /** Numbers of the rows that have the substructure; throws if the pattern cannot be read. */
  molxai.rowsWith = async (pattern, views) => {
    newest += 1;
    starting = starting || start();
    const rdkit = await starting.catch((error) => {
      forget();
      throw new Error(`RDKit does not start in this browser: ${error.message || error}`);
    });
    const wanted = query(rdkit, pattern);
    try {
      const rows = await found(rdkit, wanted, views);
      wanted.delete();
      return rows;
    } catch (error) {
      forget();
      throw new Error("RDKit cannot search for this pattern: make it simpler.", { cause: error });
    }
  };
})();
