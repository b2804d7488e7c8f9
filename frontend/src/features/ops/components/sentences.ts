/** The server's sentences about components, in Vietnamese; the server sends them in English (`control/sentences.py`). */
import type { Format } from "@/lib/locale/format";
import type { Component } from "@/lib/types";

type Sentence = Component["sentence"];
type Value = NonNullable<Sentence["values"]>[string];

const HEARSAY = "API không kết nối trực tiếp tới các broker.";

export const VIETNAMESE: Readonly<Record<string, string>> = {
  not_known: "Chưa rõ, vì cơ sở dữ liệu không phản hồi.",
  check_failed: "Có kiểm tra không đạt; xem mục Kiểm tra.",
  service_unknown: "Cơ sở dữ liệu không có thông tin về {what}.",
  silent_at_start: "{What} chưa gửi tín hiệu nào; đã khởi động {age_s} trước.",
  never_said: "{What} chưa từng gửi tín hiệu.",
  silent: "{What} không gửi tín hiệu suốt {age_s} qua.",
  failing: "{What} liên tục gặp lỗi; hệ thống vẫn đang thử lại.",
  stopped: "Đã dừng theo yêu cầu lúc {at}.",
  begun: "Đã bắt đầu gửi.",
  sends: "Đang gửi {rate} sự kiện/giây (yêu cầu: {wanted}).",
  sends_refused: "Đang gửi {rate} sự kiện/giây (yêu cầu: {wanted}). Kafka đã từ chối {records} từ khi khởi động.",
  waits_for_kafka: "{records} đang chờ Kafka nhận.",
  query_ended: "Truy vấn đã kết thúc; job sắp khởi động lại.",
  no_batch: "Chưa có lô nào được ghi.",
  committed: "Lô {batch} được ghi {age_s} trước; còn {records} chưa đọc trong topic.",
  first_batch: "Luồng đã khởi động và chưa xử lý xong lô đầu tiên.",
  many_rejects: "{found_share} trong {records} của {minutes} phút qua bị từ chối; mức cho phép là {allowed_share}.",
  catching_up: "Đang xử lý phần tồn đọng: còn {records}.",
  catching_up_for: "Đang xử lý phần tồn đọng: còn {records}, khoảng {left_s} nữa.",
  stands_still: "Bị treo: {records} đang chờ, lô gần nhất được ghi {age_s} trước.",
  read_starting: "Đã đọc hết bản ghi; bộ sinh dữ liệu đang khởi động.",
  read_stopped: "Đã đọc hết bản ghi; bộ sinh dữ liệu đã dừng nên không gửi gì mới.",
  read_no_event: "Đã đọc hết bản ghi nhưng không có gì mới: chưa có sự kiện nào.",
  read_nothing_new: "Đã đọc hết bản ghi nhưng không có gì mới: sự kiện mới nhất cách đây {lag_s}.",
  kafka_takes: `Đang nhận {rate} bản ghi/giây, theo bộ sinh dữ liệu. ${HEARSAY}`,
  kafka_waits: `{records} đang chờ được nhận, theo bộ sinh dữ liệu. ${HEARSAY}`,
  kafka_read: `Luồng đang đọc từ Kafka. ${HEARSAY}`,
  kafka_unknown: `Hiện không có gì kết nối tới Kafka nên chưa rõ tình trạng. ${HEARSAY}`,
  database_silent: "Không phản hồi nên không có thông tin nào khác.",
  database_answers: "Phản hồi trong {answer_ms}.",
  database_busy: "Phản hồi trong {answer_ms}: đang bận.",
  replica_answers: "Phản hồi trong {answer_ms}; là bản sao, trễ {lag_s}.",
  replica_busy: "Phản hồi trong {answer_ms}; là bản sao, trễ {lag_s}: đang bận.",
  replica_behind: "Phản hồi trong {answer_ms}; đây là bản sao, trễ tới {lag_s}.",
  replica_silent: "Phản hồi trong {answer_ms}; bản sao không phản hồi nên đây là máy chính.",
  views_there: "Có đủ {views} view.",
  views_missing: "Thiếu {missing} trong {views} view: {names}.",
  dagster_not_asked: "Không được truy vấn.",
  dagster_starts: "Chưa phản hồi; thành phần này khởi động lâu nhất.",
  dagster_silent: "Không phản hồi; luồng vẫn chạy nhưng không được giám sát, và không thể khởi động gì từ đây.",
  dagster_untold: "Có phản hồi, nhưng chưa báo kết quả kiểm tra.",
  checks_passed: "Có phản hồi; {checks} đạt.",
  checks_failed: "Có phản hồi; {failed} trong {checks} không đạt.",
  api_up: "Phiên bản {version}, đã chạy {up_s}.",
  api_waits: "Phiên bản {version}, đã chạy {up_s}; {requests} đang chờ cơ sở dữ liệu.",
};

/** What to do, in Vietnamese, if it depends on the sentence and not only on the component. */
export const ADVICE: Readonly<Record<string, string>> = {
  service_unknown: "Hãy chạy “orderpulse up”.",
  check_failed: "Xem kiểm tra không đạt ở mục Kiểm tra.",
  waits_for_kafka: "Xem dòng Kafka.",
  many_rejects: "Xem các lý do và báo cho bên gửi. Không mất gì: bản ghi bị từ chối vẫn được giữ lại.",
  read_no_event: "Xem bộ sinh dữ liệu hoặc các nguồn gửi khác.",
  read_nothing_new: "Xem bộ sinh dữ liệu hoặc các nguồn gửi khác.",
  database_busy: "Xem những câu lệnh đang chạy (pg_stat_activity).",
  replica_busy: "Xem những câu lệnh đang chạy (pg_stat_activity).",
  replica_behind: "Xem tải và mạng của bản sao; máy chính không bị ảnh hưởng.",
  replica_silent: "Xem logs/postgres_replica.log. Bản sao tự khởi động lại, sau đó việc đọc quay về bản sao.",
  checks_failed: "Mỗi kiểm tra không đạt cho biết cần làm gì.",
};

const WHAT: Readonly<Record<string, string>> = { generator: "bộ sinh dữ liệu", stream: "luồng" };
const NOUN: Readonly<Record<string, string>> = { records: "bản ghi", checks: "kiểm tra", requests: "yêu cầu" };

function written(name: string, value: Value, format: Format): string {
  if (typeof value === "string") {
    if (name === "what") return WHAT[value] ?? value;
    return name === "at" ? format.dateTime(value) : value;
  }
  if (name.endsWith("_s")) return format.duration(value);
  if (name.endsWith("_ms")) return `${format.decimal(value)} ms`;
  if (name.endsWith("_share")) return format.percent(100 * value);
  const figure = Number.isInteger(value) ? format.count(value) : format.decimal(value);
  const noun = NOUN[name];
  return noun === undefined ? figure : `${figure} ${noun}`;
}

const capital = (text: string) => text.charAt(0).toLocaleUpperCase("vi") + text.slice(1);

/** The sentence in Vietnamese; null for a code of a newer server. */
export function inVietnamese({ code, values = {} }: Sentence, format: Format): string | null {
  const text = VIETNAMESE[code];
  if (text === undefined) return null;
  return text.replace(/\{(\w+)\}/g, (_whole, name: string) => {
    const small = name.toLowerCase();
    const value = values[small];
    if (value === undefined) return "";
    return small === name ? written(small, value, format) : capital(written(small, value, format));
  });
}
