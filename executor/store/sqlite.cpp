#include "store/sqlite.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <limits>

#include "store/text_list.h"

namespace studyctl {
namespace {

constexpr int kBusyTimeout = 30'000;  // ms; readers are short, so this is a stuck one

bool is_for_lack_of_space(int code, int system_errno) {
  if (code == SQLITE_FULL) return true;
  const bool out_of_space = system_errno == ENOSPC || system_errno == EDQUOT || system_errno == EFBIG;
  return (code & 0xff) == SQLITE_IOERR && out_of_space;
}

std::string uri_of(const std::filesystem::path& file, std::string_view query) {
  std::string uri = "file:";
  for (const char c : file.string()) {
    if (c == '%') {
      uri += "%25";
    } else if (c == '?') {
      uri += "%3f";
    } else if (c == '#') {
      uri += "%23";
    } else {
      uri += c;
    }
  }
  return uri + std::string(query);
}

// A WAL wants to be written even by readers. Where we may write nothing beside the file and no WAL was left,
// it is as good as unchanging: at worst somebody who may write begins to, and we are told that the file is
// damaged.
bool is_immutable(const std::filesystem::path& file) {
  const std::filesystem::path directory = file.has_parent_path() ? file.parent_path() : ".";
  return access(directory.c_str(), W_OK) != 0 && !std::filesystem::exists(file.string() + "-wal");
}

}  // namespace

// ---- Rows ----

Rows::Rows(Rows&& other) noexcept
    : connection_(other.connection_),
      statement_(std::exchange(other.statement_, nullptr)),
      in_use_(std::exchange(other.in_use_, nullptr)) {}

Rows::~Rows() {
  if (in_use_ == nullptr) {
    sqlite3_finalize(statement_);
    return;
  }
  sqlite3_reset(statement_);
  *in_use_ = false;
}

void Rows::bind(int parameter, std::nullptr_t) {
  sqlite3_bind_null(statement_, parameter);
}

void Rows::bind_integer(int parameter, int64_t value) {
  sqlite3_bind_int64(statement_, parameter, value);
}

void Rows::bind(int parameter, double value) {
  // SQLite knows no NaN either: it becomes NULL.
  sqlite3_bind_double(statement_, parameter, value);
}

void Rows::bind(int parameter, std::string_view value) {
  // A null pointer would be NULL, not the empty text.
  const char* data = value.data() == nullptr ? "" : value.data();
  sqlite3_bind_text64(statement_, parameter, data, value.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}

void Rows::bind(int parameter, const std::vector<std::string>& list) {
  if (list.empty()) return bind(parameter, nullptr);
  bind(parameter, list_to_json(list));
}

bool Rows::next() {
  if (statement_ == nullptr || connection_.failure_) return false;
  const int code = sqlite3_step(statement_);
  return code == SQLITE_ROW || (code != SQLITE_DONE && connection_.note(code));
}

bool Rows::is_null(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

int64_t Rows::integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}

double Rows::real(int column) const {
  return is_null(column) ? std::numeric_limits<double>::quiet_NaN()
                         : sqlite3_column_double(statement_, column);
}

std::string_view Rows::text(int column) const {
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  if (data == nullptr) return {};
  return {data, static_cast<size_t>(sqlite3_column_bytes(statement_, column))};
}

std::vector<std::string> Rows::list(int column) const {
  const std::string_view json = text(column);
  return json.empty() ? std::vector<std::string>() : list_from_json(json);
}

// ---- Sqlite ----

Result<std::unique_ptr<Sqlite>> Sqlite::open(const std::filesystem::path& file, Mode mode) {
  // Else every allocation of SQLite's takes a mutex to be counted
  // (sqlite.org/malloc.html#memory_allocation_statistics).
  [[maybe_unused]] static const int configured = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  const bool reads = mode == Mode::Read;
  if (reads && !std::filesystem::exists(file))
    return Error{ErrorCode::NotFound, file.string() + ": there is no such database"};
  const std::string uri = uri_of(file, reads && is_immutable(file) ? "?immutable=1" : "");
  const int flags = SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                    (reads ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(uri.c_str(), &handle, flags, nullptr);
  std::unique_ptr<Sqlite> connection(new Sqlite(handle, file.string()));
  if (connection->note(code)) connection->configure(mode);
  if (Result<void> opened = connection->outcome(); !opened) return std::move(opened).error();
  return connection;
}

void Sqlite::configure(Mode mode) {
  sqlite3_busy_timeout(handle_, kBusyTimeout);
  std::string pragmas = "PRAGMA foreign_keys = OFF; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8000;";
  if (mode == Mode::Write)
    pragmas += "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 16777216;";
  if (mode == Mode::WriteNetwork) pragmas += "PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL;";
  execute(pragmas);
}

Sqlite::~Sqlite() {
  for (auto& [sql, cached] : statements_) sqlite3_finalize(cached.statement);
  sqlite3_close_v2(handle_);
}

void Sqlite::execute(const std::string& sql) {
  if (!failure_) note(sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr));
}

Rows Sqlite::prepare(std::string_view sql) {
  if (failure_) return {*this, nullptr, nullptr};
  const auto found = statements_.find(sql);
  Cached& cached = found == statements_.end() ? statements_[std::string(sql)] : found->second;
  // One that is being stepped (a nested use of the same text) gets a twin that is not kept.
  const bool kept = !std::exchange(cached.in_use, true);
  if (kept && cached.statement != nullptr) return {*this, cached.statement, &cached.in_use};
  sqlite3_stmt* statement = nullptr;
  note(sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                          kept ? SQLITE_PREPARE_PERSISTENT : 0, &statement, nullptr));
  if (kept) cached.statement = statement;
  return {*this, statement, kept ? &cached.in_use : nullptr};
}

Result<void> Sqlite::outcome() {
  if (!failure_) return {};
  return *std::exchange(failure_, std::nullopt);
}

void Sqlite::fail(Error error) {
  if (!failure_) failure_ = std::move(error);
}

void Sqlite::roll_back() {
  // SQLite has often done so by itself, as it does on a full disk. Past note(): disk_full() goes on to speak
  // of why.
  if (sqlite3_get_autocommit(handle_) == 0) sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
}

int64_t Sqlite::last_row() const {
  return sqlite3_last_insert_rowid(handle_);
}

int64_t Sqlite::changed_rows() const {
  return sqlite3_changes64(handle_);
}

bool Sqlite::note(int code) {
  if (code == SQLITE_OK) return true;
  disk_full_ = is_for_lack_of_space(code, handle_ == nullptr ? 0 : sqlite3_system_errno(handle_));
  fail(error(code));
  return false;
}

Error Sqlite::error(int code) const {
  if (disk_full_) return {ErrorCode::Unavailable, name_ + ": no space left on device"};
  const char* detail = handle_ == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(handle_);
  switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {ErrorCode::Unavailable,
              name_ + ": is damaged (" + detail +
                  "): `studyctl doctor --rebuild` makes it again from the runs' files"};
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return {ErrorCode::Unavailable, name_ + ": another process keeps it locked"};
    case SQLITE_CONSTRAINT: return {ErrorCode::Conflict, name_ + ": " + detail};
    case SQLITE_ERROR:
    case SQLITE_MISUSE:
    case SQLITE_RANGE:
    case SQLITE_MISMATCH: return {ErrorCode::Internal, name_ + ": " + detail};
    default: return {ErrorCode::Unavailable, name_ + ": " + detail};
  }
}

// ---- Transaction ----

Result<void> Transaction::commit() {
  connection_.run("COMMIT");
  Result<void> done = connection_.outcome();
  if (!done) connection_.roll_back();
  return done;
}

}  // namespace studyctl
