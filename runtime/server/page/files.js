/* Attachments: what each is, how large, a look at it where a browser can show it, and the way to get it. */
import { readText } from "./api.js";
import { element, icon } from "./dom.js";
import { plural, size } from "./format.js";

const PREVIEW_BYTES = 16 * 1024;
const IMAGE_MAX_BYTES = 40 * 1000 * 1000;

const KINDS = [
  { name: "Image", shown: "image", extensions: "png jpg jpeg gif webp avif svg bmp" },
  { name: "Movie", shown: "video", extensions: "mp4 m4v webm mov ogv" },
  { name: "Sound", shown: "audio", extensions: "mp3 wav ogg oga m4a flac aac" },
  { name: "Text", shown: "text", extensions: "txt log csv tsv json xml yaml yml md lua py sh js toml ini srt edl usda nk ma" },
  { name: "Image", extensions: "exr dpx tif tiff hdr tga psd tx" },
  { name: "Movie", extensions: "avi mkv mxf" },
  { name: "Scene", extensions: "blend mb hip hiplc usd usdc usdz abc fbx obj gltf glb vdb" },
  { name: "Archive", extensions: "zip tar gz bz2 xz 7z" },
  { name: "Document", extensions: "pdf html" },
];

function extensionOf(name) {
  return /\.([^.]+)$/.exec(name)?.[1].toLowerCase() ?? "";
}

function kindOf(name) {
  const extension = extensionOf(name);
  return KINDS.find((kind) => kind.extensions.split(" ").includes(extension)) ?? { name: "File" };
}

/* It leads to the file, and goes away when there is no picture after all. */
function picture(file, url) {
  const link = element("a", { class: "preview", href: file.url, target: "_blank", rel: "noopener" },
    element("img", { src: url, alt: `Preview of ${file.name}`, loading: "lazy", decoding: "async" }));
  link.firstChild.addEventListener("error", () => link.remove());
  return link;
}

/* A look at the file, or null: what browsers show, else the small picture that the server makes of it. */
function preview(file, kind) {
  if (kind.shown === "image" && file.size <= IMAGE_MAX_BYTES) return picture(file, file.url);
  if (file.preview_url && (!kind.shown || kind.shown === "image")) return picture(file, file.preview_url);
  if (kind.shown === "video" || kind.shown === "audio") {
    const media = element(kind.shown, {
      class: "preview", src: file.url, controls: true, preload: "metadata", "aria-label": `Preview of ${file.name}`,
    });
    media.addEventListener("error", () => media.remove());
    return media;
  }
  return kind.shown === "text" ? textPreview(file) : null;
}

function textPreview(file) {
  const body = element("pre", { class: "log", tabindex: "0" }, "Reading…");
  const fold = element("details", { class: "fold" }, element("summary", {}, "Show the text"), body);
  fold.addEventListener("toggle", async () => {
    try {
      const { text, total } = await readText(file.url, 0, PREVIEW_BYTES);
      body.textContent = total > PREVIEW_BYTES ? `${text}\n…` : text;
    } catch (error) {
      body.textContent = error.message;
    }
  }, { once: true });
  return fold;
}

function entry(file, previewed) {
  const kind = kindOf(file.name);
  const extension = extensionOf(file.name).toUpperCase();
  return element("li", { class: "file" },
    element("div", { class: "file-line" },
      icon("file"),
      element("span", { class: "file-name", title: file.name }, file.name),
      element("span", { class: "file-about" }, [extension ? `${kind.name} (${extension})` : kind.name, size(file.size)].join(", ")),
      element("a", { class: "button quiet", href: file.url, download: file.name, "aria-label": `Download ${file.name}` },
        icon("down"), element("span", {}, "Download"))),
    previewed ? preview(file, kind) : null);
}

/* The section of a job's files; the log is shown elsewhere and listed last. Null when there are none. */
export function filesSection(jobId, files, logId) {
  if (files.length === 0) return null;
  const others = files.filter((file) => file.id !== logId);
  const log = files.filter((file) => file.id === logId);
  const bytes = files.reduce((sum, file) => sum + (file.size || 0), 0);
  const all = files.length < 2 ? null : element("a", {
    class: "button", href: `/jobs/zip?${new URLSearchParams({ id: jobId })}`, download: "",
  }, icon("down"), `Download all, ${size(bytes)}`);
  return element("section", { class: "section" },
    element("div", { class: "section-head" },
      element("h3", {}, plural(files.length, "attachment")),
      element("span", { class: "section-links" }, all)),
    element("ul", { class: "files" }, others.map((file) => entry(file, true)), log.map((file) => entry(file, false))));
}
