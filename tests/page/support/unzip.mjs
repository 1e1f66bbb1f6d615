/* The files of a zip archive by its directory: { name: Buffer }. */
import assert from "node:assert/strict";
import zlib from "node:zlib";

const END = 0x06054b50, ENTRY = 0x02014b50;

export function unzip(archive) {
  const end = archive.length - 22;
  assert.equal(archive.readUInt32LE(end), END);
  const files = {};
  let at = archive.readUInt32LE(end + 16);
  for (let left = archive.readUInt16LE(end + 10); left > 0; left--) {
    assert.equal(archive.readUInt32LE(at), ENTRY);
    const nameBytes = archive.readUInt16LE(at + 28);
    const name = archive.toString("utf8", at + 46, at + 46 + nameBytes);
    const header = archive.readUInt32LE(at + 42);
    const data = header + 30 + archive.readUInt16LE(header + 26) + archive.readUInt16LE(header + 28);
    files[name] = zlib.inflateRawSync(archive.subarray(data, data + archive.readUInt32LE(at + 20)));
    assert.equal(files[name].length, archive.readUInt32LE(at + 24));
    if (zlib.crc32) assert.equal(zlib.crc32(files[name]), archive.readUInt32LE(at + 16));
    at += 46 + nameBytes + archive.readUInt16LE(at + 30);
  }
  return files;
}
