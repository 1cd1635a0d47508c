/**
 * MessagePack, as far as Socket.IO packets need it: nil, booleans, numbers, strings, binary, arrays, maps, and two
 * extensions of type 0 that Socket.IO's parsers agree on: undefined (d4 00 00) and Date (d7 00 and milliseconds as int64).
 */
const utf8 = { encoder: new TextEncoder(), decoder: new TextDecoder("utf-8", { ignoreBOM: true }) };

/** @returns {ArrayBuffer} */
export function encode(value) {
  const writer = new Writer();
  writer.value(value);
  return writer.finish();
}

/**
 * @param {ArrayBuffer | ArrayBufferView} data one value and nothing after it
 * @throws {Error} if it is anything else
 */
export function decode(data) {
  const reader = new Reader(data);
  const value = reader.value();
  if (!reader.atEnd) throw new Error(`msgpack: ${reader.left} bytes too many`);
  return value;
}

class Writer {
  _bytes = new Uint8Array(256);
  _view = new DataView(this._bytes.buffer);
  _length = 0;

  finish() {
    return this._bytes.buffer.slice(0, this._length);
  }

  value(value) {
    switch (typeof value) {
      case "undefined":
        return this._raw([0xd4, 0, 0]);
      case "boolean":
        return this._uint8(value ? 0xc3 : 0xc2);
      case "number":
        return this._number(value);
      case "string":
        return this._string(value);
      case "object":
        return this._object(value);
      default:
        throw new Error(`msgpack: cannot encode a ${typeof value}`);
    }
  }

  _object(value) {
    if (value === null) return this._uint8(0xc0);
    if (Array.isArray(value)) return this._array(value);
    if (value instanceof Date) return this._date(value);
    if (value instanceof ArrayBuffer) return this._binary(new Uint8Array(value));
    if (ArrayBuffer.isView(value)) return this._binary(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
    if (typeof value.toJSON === "function") return this.value(value.toJSON());
    this._map(Object.entries(value).filter(([, property]) => typeof property !== "function"));
  }

  _number(n) {
    if (!Number.isInteger(n)) return this._float64(n);
    if (n >= 0) this._unsigned(n);
    else this._negative(n);
  }

  _unsigned(n) {
    if (n < 0x80) this._uint8(n);
    else if (n < 0x100) this._raw([0xcc, n]);
    else if (n < 0x10000) this._uint16(0xcd, n);
    else if (n < 0x100000000) this._uint32(0xce, n);
    else if (n < 2 ** 64) this._uint64(0xcf, n);
    else this._float64(n);
  }

  _negative(n) {
    if (n >= -0x20) this._uint8(n & 0xff);
    else if (n >= -0x80) this._raw([0xd0, n & 0xff]);
    else if (n >= -0x8000) this._uint16(0xd1, n);
    else if (n >= -0x80000000) this._uint32(0xd2, n);
    else if (n >= -(2 ** 63)) this._uint64(0xd3, n);
    else this._float64(n);
  }

  _string(text) {
    const bytes = utf8.encoder.encode(text);
    if (bytes.length < 0x20) this._uint8(0xa0 | bytes.length);
    else this._size(bytes.length, 0xd9, 0xda, 0xdb);
    this._raw(bytes);
  }

  _binary(bytes) {
    this._size(bytes.length, 0xc4, 0xc5, 0xc6);
    this._raw(bytes);
  }

  _array(values) {
    if (values.length < 0x10) this._uint8(0x90 | values.length);
    else this._size(values.length, undefined, 0xdc, 0xdd);
    for (const value of values) this.value(value);
  }

  _map(entries) {
    if (entries.length < 0x10) this._uint8(0x80 | entries.length);
    else this._size(entries.length, undefined, 0xde, 0xdf);
    for (const [key, value] of entries) {
      this._string(key);
      this.value(value);
    }
  }

  _date(date) {
    this._raw([0xd7, 0]);
    this._put("setBigInt64", 8, BigInt(date.getTime()));
  }

  /** A length, after the type byte for lengths of 8, 16 or 32 bits. */
  _size(size, type8, type16, type32) {
    if (size < 0x100 && type8) this._raw([type8, size]);
    else if (size < 0x10000) this._uint16(type16, size);
    else this._uint32(type32, size);
  }

  _uint8(n) {
    this._put("setUint8", 1, n);
  }

  _uint16(type, n) {
    this._uint8(type);
    this._put("setUint16", 2, n);
  }

  _uint32(type, n) {
    this._uint8(type);
    this._put("setUint32", 4, n);
  }

  _uint64(type, n) {
    this._uint8(type);
    this._put("setBigUint64", 8, BigInt.asUintN(64, BigInt(n)));
  }

  _float64(n) {
    this._uint8(0xcb);
    this._put("setFloat64", 8, n);
  }

  _put(method, size, n) {
    const offset = this._reserve(size); // first: it may replace _view
    this._view[method](offset, n);
  }

  _raw(bytes) {
    const offset = this._reserve(bytes.length);
    this._bytes.set(bytes, offset);
  }

  /** Makes room for so many bytes and returns where they begin. */
  _reserve(count) {
    const offset = this._length;
    this._length += count;
    if (this._length > this._bytes.length) this._grow();
    return offset;
  }

  _grow() {
    const bytes = new Uint8Array(Math.max(this._length, 2 * this._bytes.length));
    bytes.set(this._bytes);
    this._bytes = bytes;
    this._view = new DataView(bytes.buffer);
  }
}

class Reader {
  _offset = 0;

  constructor(data) {
    this._bytes = ArrayBuffer.isView(data)
      ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
      : new Uint8Array(data);
    this._view = new DataView(this._bytes.buffer, this._bytes.byteOffset, this._bytes.byteLength);
  }

  get left() {
    return this._bytes.length - this._offset;
  }

  get atEnd() {
    return this.left === 0;
  }

  value() {
    const type = this._uint(1);
    if (type < 0x80) return type;
    if (type < 0x90) return this._map(type & 0x0f);
    if (type < 0xa0) return this._array(type & 0x0f);
    if (type < 0xc0) return this._string(type & 0x1f);
    if (type >= 0xe0) return type - 0x100;
    return this._typed(type);
  }

  _typed(type) {
    switch (type) {
      case 0xc0: return null;
      case 0xc2: return false;
      case 0xc3: return true;
      case 0xc4: return this._binary(this._uint(1));
      case 0xc5: return this._binary(this._uint(2));
      case 0xc6: return this._binary(this._uint(4));
      case 0xc7: return this._extension(this._uint(1));
      case 0xc8: return this._extension(this._uint(2));
      case 0xc9: return this._extension(this._uint(4));
      case 0xca: return this._view.getFloat32(this._take(4));
      case 0xcb: return this._view.getFloat64(this._take(8));
      case 0xcc: return this._uint(1);
      case 0xcd: return this._uint(2);
      case 0xce: return this._uint(4);
      case 0xcf: return Number(this._view.getBigUint64(this._take(8)));
      case 0xd0: return this._view.getInt8(this._take(1));
      case 0xd1: return this._view.getInt16(this._take(2));
      case 0xd2: return this._view.getInt32(this._take(4));
      case 0xd3: return Number(this._view.getBigInt64(this._take(8)));
      case 0xd4: return this._extension(1);
      case 0xd5: return this._extension(2);
      case 0xd6: return this._extension(4);
      case 0xd7: return this._extension(8);
      case 0xd8: return this._extension(16);
      case 0xd9: return this._string(this._uint(1));
      case 0xda: return this._string(this._uint(2));
      case 0xdb: return this._string(this._uint(4));
      case 0xdc: return this._array(this._uint(2));
      case 0xdd: return this._array(this._uint(4));
      case 0xde: return this._map(this._uint(2));
      case 0xdf: return this._map(this._uint(4));
    }
    throw new Error(`msgpack: unknown type 0x${type.toString(16)}`);
  }

  /** Extensions that nobody agreed on become [type, bytes]. */
  _extension(length) {
    const type = this._view.getInt8(this._take(1));
    if (type === 0 && length === 1) return void this._take(1);
    if (type === 0 && length === 8) return new Date(Number(this._view.getBigInt64(this._take(8))));
    return [type, this._binary(length)];
  }

  _binary(length) {
    const start = this._take(length);
    return this._bytes.slice(start, start + length).buffer;
  }

  _string(length) {
    const start = this._take(length);
    return utf8.decoder.decode(this._bytes.subarray(start, start + length));
  }

  _array(length) {
    this._expect(length);
    return Array.from({ length }, () => this.value());
  }

  _map(length) {
    this._expect(2 * length);
    return Object.fromEntries(Array.from({ length }, () => [this.value(), this.value()]));
  }

  _uint(size) {
    const offset = this._take(size);
    return size === 1 ? this._view.getUint8(offset) : size === 2 ? this._view.getUint16(offset) : this._view.getUint32(offset);
  }

  _take(count) {
    this._expect(count);
    const offset = this._offset;
    this._offset += count;
    return offset;
  }

  /** Refuses a length that the data cannot hold before anything of that size is made. */
  _expect(count) {
    if (count > this.left) throw new Error("msgpack: data ends too early");
  }
}
