/** The API's problems in Vietnamese, by their code; the API itself writes them in English (`api/edge/problems.py` and who raises them). */
import type { Format } from "@/lib/locale/format";
import type { Problem } from "@/lib/types";

export const VIETNAMESE: Readonly<Record<string, string>> = {
  bad_request: "Máy chủ không đọc được yêu cầu.",
  content_too_large: "Yêu cầu quá lớn.",
  database_unavailable: "Cơ sở dữ liệu không phản hồi hoặc đang quá tải. Hãy thử lại sau giây lát.",
  dagster_refused:
    "Dagster không nhận lệnh, nên chưa có gì thay đổi. Hãy xem tình trạng Dagster bằng lệnh “orderpulse status”.",
  foreign_origin: "Máy chủ chỉ nhận thay đổi từ chính trang này.",
  host_unknown: "Không có mã truy cập, API chỉ trả lời tên của chính máy này, ví dụ localhost.",
  intake_unavailable:
    "Dịch vụ tiếp nhận (intake) không trả lời. Lệnh “orderpulse status” cho biết nó có đang chạy không.",
  internal_error:
    "API gặp lỗi không lường trước. Hãy thử lại; nếu vẫn lỗi, hãy báo cho người vận hành mã yêu cầu {request_id}.",
  invalid_parameters: "Giá trị không dùng được: {names}.",
  method_not_allowed: "Máy chủ không hỗ trợ thao tác này.",
  not_found: "Không tìm thấy.",
  not_json: "Yêu cầu không phải JSON.",
  not_ready: "API chưa sẵn sàng.",
  query_timeout: "Truy vấn mất quá nhiều thời gian. Hãy thu hẹp phạm vi hoặc thử lại sau.",
  request_header_fields_too_large: "Phần đầu của yêu cầu quá dài.",
  scope_missing: "Mã truy cập không có quyền “{scope}”. Hãy dùng mã có quyền này.",
  source_unusable: "Tệp của nguồn “{source}” không dùng được. Lệnh “orderpulse source show {source}” cho biết lý do.",
  stream_refused: "Hiện không mở được luồng trực tiếp. Hãy thử lại sau giây lát.",
  token_missing: "Cần mã truy cập. Hãy đăng nhập.",
  token_refused: "Mã truy cập không được chấp nhận. Hãy dùng mã mới.",
  too_many_rows:
    "Có hơn {limit} sự kiện khớp bộ lọc, vượt giới hạn của tệp Excel. Hãy thu hẹp khoảng thời gian hoặc tải tệp CSV, loại này không có giới hạn.",
  uri_too_long: "Địa chỉ quá dài. Hãy bớt bộ lọc.",
};

/** The problem in Vietnamese; null for a code of a newer server. */
export function inVietnamese({ code, values, request_id }: Problem, format: Format): string | null {
  const filled: Readonly<Record<string, string | number | null | undefined>> = { ...values, request_id };
  return (
    VIETNAMESE[code]?.replace(/\{(\w+)\}/g, (_whole, name: string) => {
      const value = filled[name] ?? "";
      return typeof value === "number" ? format.count(value) : value;
    }) ?? null
  );
}
