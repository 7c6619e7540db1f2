"""The formats of the audit report, in the order in which they are written. A new format is one line here."""

from decom.reporting.as_html import AsHtml
from decom.reporting.as_json import AsJson
from decom.reporting.as_xlsx import AsXlsx
from decom.reporting.csv_files import AuditCsv
from decom.reporting.interface import ReportFormat

FORMATS: tuple[ReportFormat, ...] = (AuditCsv(), AsXlsx(), AsJson(), AsHtml())
