// A picture as pixels: as wide as a journal or a slide needs it, saved or copied.
"use strict";

(() => {
  const { html } = molxai;
  const INCHES = { in: 1, mm: 1 / 25.4 }; // of a unit; pixels have none
  const USUAL = { width: 1920, unit: "px", dpi: 300 };
  const WIDEST = 8000; // pixels: browsers draw no larger canvas
  const AT = 33; // bytes of a PNG before its second chunk
  const METRE = 0.0254; // metres of an inch
  const size = { ...USUAL };

  /** Fields for width and resolution of what is saved next. */
  molxai.sizeFields = () => {
    const option = (unit) => html("option", { value: unit, selected: unit === size.unit }, unit);
    const number = (name, step) => {
      const onchange = ({ target }) => set(name, target);
      return html("input", { type: "number", min: step, step, value: size[name], onchange });
    };
    const onchange = ({ target }) => (size.unit = target.value);
    const units = ["px", "in", "mm"].map(option);
    return html(
      "details",
      { class: "size" },
      html("summary", {}, "Size of SVG and PNG"),
      html("label", {}, "Width ", number("width", "any")),
      html("select", { "aria-label": "Unit of the width", onchange }, ...units),
      html("label", {}, "Dots per inch ", number("dpi", "1")),
    );
  };

  function set(name, field) {
    const value = Number(field.value);
    size[name] = value > 0 && Number.isFinite(value) ? value : USUAL[name];
    field.value = size[name];
  }

  /** Width and height in pixels of a picture whose SVG is `element`. */
  function pixels(element) {
    const [, , width, height] = element.getAttribute("viewBox").split(" ").map(Number);
    const wanted = size.unit === "px" ? size.width : size.width * INCHES[size.unit] * size.dpi;
    const wide = Math.round(Math.min(WIDEST, Math.max(1, wanted)));
    return [wide, Math.round((wide * height) / width)];
  }

  /** Give an SVG the chosen width. */
  molxai.sized = (element) => {
    const [, , width, height] = element.getAttribute("viewBox").split(" ").map(Number);
    if (size.unit === "px") return element; // a drawing of lines has no pixels
    element.setAttribute("width", `${size.width}${size.unit}`);
    element.setAttribute("height", `${(size.width * height) / width}${size.unit}`);
    return element;
  };

  /** The PNG of an SVG, of the chosen size and resolution. */
  molxai.png = async (element) => {
    const [width, height] = pixels(element);
    element.setAttribute("width", width);
    element.setAttribute("height", height);
    const picture = new Image();
    picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(molxai.markup(element))}`;
    await picture.decode();
    const canvas = html("canvas", { width, height });
    canvas.getContext("2d").drawImage(picture, 0, 0, width, height);
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
    const bytes = new Uint8Array(await blob.arrayBuffer());
    const parts = [bytes.slice(0, AT), resolution(size.dpi), bytes.slice(AT)];
    return new Blob(parts, { type: "image/png" });
  };

  molxai.savePng = async (element, name) =>
    molxai.save(await molxai.png(element), "image/png", name);

  /** Copy the PNG of an SVG; returns what is said of it. */
  molxai.copyPng = async (element) => {
    const remedy = "save it as PNG instead";
    if (!navigator.clipboard?.write || !globalThis.ClipboardItem) {
      return `This page may not copy pictures, as it is no page of this machine: ${remedy}.`;
    }
    try {
      const item = new ClipboardItem({ "image/png": molxai.png(element) });
      await navigator.clipboard.write([item]);
    } catch (error) {
      return `The browser does not let this page copy pictures (${error.name}): ${remedy}.`;
    }
    return "Copied.";
  };

  /** The chunk of a PNG that says how many pixels a metre has. */
  function resolution(dpi) {
    const chunk = new DataView(new ArrayBuffer(21));
    const perMetre = Math.round(dpi / METRE);
    chunk.setUint32(0, 9); // bytes of content
    [..."pHYs"].forEach((letter, i) => chunk.setUint8(4 + i, letter.charCodeAt(0)));
    chunk.setUint32(8, perMetre);
    chunk.setUint32(12, perMetre);
    chunk.setUint8(16, 1); // the unit is the metre
    chunk.setUint32(17, checksum(new Uint8Array(chunk.buffer, 4, 13)));
    return chunk.buffer;
  }

  /** CRC-32 of a chunk's type and content, as in the PNG specification. */
  function checksum(bytes) {
    let crc = ~0;
    for (const byte of bytes) {
      crc ^= byte;
      for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
    }
    return ~crc >>> 0;
  }
})();
