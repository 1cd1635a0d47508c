// What the x-ray's panel says, in both languages.

export const texts = {
  en: {
    xray: "X-ray of the wire", "x.hint": "Every byte between this page and its server. Click a row to take it apart.",
    "x.show": "Show", "x.hide": "Hide", "x.pause": "Pause", "x.resume": "Resume", "x.clear": "Clear",
    "x.conn": "Connection", "x.dir": "Direction", "x.all": "all", "x.both": "both ways", "x.in": "→ to the server", "x.out": "← to the client",
    "x.layers": "Layers", "x.find": "Find in the rows", "x.lab": "the lab's own files",
    "x.rows": "Rows of the x-ray", "x.none": "Nothing has crossed the wire yet.", "x.filtered": "No row passes the filter.",
    "x.held": "paused, {0} rows wait", "x.lost": "{0} rows came too fast to be shown", "x.live": "live", "x.broken": "the x-ray has lost its connection",
    "x.bytes": "→ {0}  ← {1}", "x.conns": "{0} connections, {1} open", "x.requests": "{0} requests", "x.missed": "{0} were not recorded", "x.skimmed": "{0} passed before anyone watched",
    "x.jsonl": "Save as JSONL", "x.pcapng": "Save for Wireshark",
    "x.anatomy": "Anatomy", "x.choose": "Choose a row: click it, or use the arrow keys and Enter.", "x.gone": "This row is not held any more.",
    "x.carriedBy": "carried by", "x.carries": "carries", "x.field": "Field", "x.value": "Value", "x.meaning": "Meaning", "x.spec": "Specification",
    "x.steps": "Worked out", "x.more": "Show all {0} bytes", "x.hex": "Bytes, by field", "x.close": "Close", "x.at": "byte {0}", "x.at2": "bytes {0}–{1}",
    tcp: "TCP", http: "HTTP", body: "body", chunk: "chunk", line: "line", sse: "SSE", ws: "frame", message: "message", eio: "Engine.IO", sio: "Socket.IO", event: "event", bytes: "bytes",
  },
  zh: {
    xray: "线路透视", "x.hint": "本页与服务器之间的每一个字节。点一行即可拆开细看。",
    "x.show": "显示", "x.hide": "收起", "x.pause": "暂停", "x.resume": "继续", "x.clear": "清空",
    "x.conn": "连接", "x.dir": "方向", "x.all": "全部", "x.both": "双向", "x.in": "→ 发往服务器", "x.out": "← 发往客户端",
    "x.layers": "协议层", "x.find": "在各行中查找", "x.lab": "实验室自身的文件",
    "x.rows": "透视记录", "x.none": "线路上还没有任何数据。", "x.filtered": "没有符合筛选条件的行。",
    "x.held": "已暂停，有 {0} 行等待显示", "x.lost": "有 {0} 行来得太快，未能显示", "x.live": "实时", "x.broken": "透视面板的连接断开了",
    "x.bytes": "→ {0}  ← {1}", "x.conns": "共 {0} 个连接，{1} 个打开", "x.requests": "{0} 个请求", "x.missed": "{0} 未被记录", "x.skimmed": "{0} 在无人观看时经过",
    "x.jsonl": "存为 JSONL", "x.pcapng": "存为 Wireshark 文件",
    "x.anatomy": "逐字节解剖", "x.choose": "选一行：点击它，或用方向键加回车。", "x.gone": "这一行已不再保存。",
    "x.carriedBy": "承载于", "x.carries": "承载着", "x.field": "字段", "x.value": "值", "x.meaning": "含义", "x.spec": "规范",
    "x.steps": "推算过程", "x.more": "显示全部 {0} 字节", "x.hex": "按字段着色的字节", "x.close": "关闭", "x.at": "第 {0} 字节", "x.at2": "第 {0}–{1} 字节",
    tcp: "TCP", http: "HTTP", body: "正文", chunk: "分块", line: "行", sse: "SSE", ws: "帧", message: "消息", eio: "Engine.IO", sio: "Socket.IO", event: "事件", bytes: "字节",
  },
};
