package archive

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	_ "image/png" // scans may be PNG
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"chengshu/kernel/fault"
)

const (
	maxSide   = 20_000 // pixels of a page's side
	maxPixels = 40_000_000
	longSide  = "3000" // pixels that a page of a PDF is drawn with: A4 at 256 dots per inch

	scanFile, pdfFile, pageFile = "scan", "scan.pdf", "page.jpg"
	turnedFile                  = "turned.jpg"
	quality                     = 80 // of JPEG
)

// measure says how large an image is, before any of it is decoded.
func measure(file string) (image.Config, error) {
	f, err := os.Open(filepath.Clean(file))
	if err != nil {
		return image.Config{}, err
	}
	defer f.Close()
	c, _, err := image.DecodeConfig(bufio.NewReader(f))
	switch {
	case err != nil:
		return c, fault.Wrap(err, fault.Invalid, "bad-image", "图像已损坏，无法读取", "the image is broken and cannot be read")
	case c.Width > maxSide || c.Height > maxSide || c.Width*c.Height > maxPixels:
		return c, fault.New(fault.Invalid, "image-too-large", fmt.Sprintf("图像为 %d×%d 像素，超过上限 4000 万像素；请以较低分辨率重新扫描", c.Width, c.Height),
			fmt.Sprintf("the image has %d×%d pixels, more than 40 million; scan it again at a lower resolution", c.Width, c.Height))
	case c.Width < 50 || c.Height < 50:
		return c, fault.New(fault.Invalid, "image-too-small", "图像太小，不是一页文件", "the image is too small to be a page")
	}
	return c, nil
}

var pdfPages = regexp.MustCompile(`(?m)^Pages:\s+(\d+)`)

// countPages says how many pages a PDF has.
func (e *Engine) countPages(ctx context.Context, dir string) (int, error) {
	out, err := e.run(ctx, dir, "pdfinfo", pdfFile)
	if err != nil {
		return 0, pdfFault(err)
	}
	found := pdfPages.FindSubmatch(out)
	if found == nil {
		return 0, brokenPDF(nil)
	}
	return strconv.Atoi(string(found[1]))
}

// pdfFault names what is wrong with a PDF that Poppler cannot read.
func pdfFault(err error) error {
	var failed *toolError
	switch {
	case errors.Is(err, errTooLong):
		return tooLong(err)
	case !errors.As(err, &failed):
		return err
	case strings.Contains(failed.says, "password") || strings.Contains(failed.says, "ncrypt"):
		return fault.Wrap(err, fault.Invalid, "pdf-locked", "PDF 已加密，请上传未加密的文件", "the PDF is encrypted; send one that is not")
	}
	return brokenPDF(err)
}

func brokenPDF(cause error) error {
	return fault.Wrap(cause, fault.Invalid, "bad-pdf", "PDF 已损坏，无法读取", "the PDF is broken and cannot be read")
}

// drawPage draws one page of the PDF in dir as its page image.
func (e *Engine) drawPage(ctx context.Context, dir string, page int) error {
	n := strconv.Itoa(page)
	_, err := e.run(ctx, dir, "pdftoppm", "-f", n, "-l", n, "-singlefile", "-scale-to", longSide, "-gray", "-jpeg", pdfFile, strings.TrimSuffix(pageFile, ".jpg"))
	return pdfFault(err)
}

var (
	turnBy   = regexp.MustCompile(`(?m)^Rotate: (\d+)`)
	turnSure = regexp.MustCompile(`(?m)^Orientation confidence: ([\d.]+)`)
)

// turnOf tells by how many degrees a page is to be turned clockwise to stand
// upright. Tesseract cannot say it of a page with little text, which is left as
// it is.
func (e *Engine) turnOf(ctx context.Context, dir, file string) (int, error) {
	out, err := e.run(ctx, dir, "tesseract", file, "-", "--psm", "0", "-l", "osd")
	var failed *toolError
	if errors.As(err, &failed) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	turn, sure := turnBy.FindSubmatch(out), turnSure.FindSubmatch(out)
	if turn == nil || sure == nil {
		return 0, nil
	}
	degrees, _ := strconv.Atoi(string(turn[1]))
	confidence, _ := strconv.ParseFloat(string(sure[1]), 64)
	if confidence < 1 || degrees%90 != 0 {
		return 0, nil
	}
	return degrees % 360, nil
}

// turn writes a page, turned clockwise by a multiple of 90 degrees, in grey.
func turn(from, to string, degrees int) error {
	in, err := os.Open(filepath.Clean(from))
	if err != nil {
		return err
	}
	defer in.Close()
	m, _, err := image.Decode(bufio.NewReader(in))
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "bad-image", "图像已损坏，无法读取", "the image is broken and cannot be read")
	}
	out, err := os.OpenFile(filepath.Clean(to), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(out)
	err = jpeg.Encode(w, turned(m, degrees), &jpeg.Options{Quality: quality})
	return errors.Join(err, w.Flush(), out.Close())
}

func turned(m image.Image, degrees int) *image.Gray {
	b := m.Bounds()
	size := image.Rect(0, 0, b.Dx(), b.Dy())
	if degrees%180 != 0 {
		size = image.Rect(0, 0, b.Dy(), b.Dx())
	}
	out := image.NewGray(size)
	for y := range size.Dy() {
		for x := range size.Dx() {
			sx, sy := x, y
			switch degrees {
			case 90:
				sx, sy = y, b.Dy()-1-x
			case 180:
				sx, sy = b.Dx()-1-x, b.Dy()-1-y
			case 270:
				sx, sy = b.Dx()-1-y, x
			}
			out.Pix[y*out.Stride+x] = color.GrayModel.Convert(m.At(b.Min.X+sx, b.Min.Y+sy)).(color.Gray).Y
		}
	}
	return out
}

// readings are the ways in which Tesseract looks at a page: as one column of text
// of many sizes (4), which reads rows of forms best, and as text scattered over
// it (11), which finds what stands in cells. Where both say the same of a field
// it is right; where not, a person is told (ADR 0015).
var readings = []string{"4", "11"}

// words reads a page that stands upright, in every way.
func (e *Engine) words(ctx context.Context, dir, file string) ([]Word, error) {
	var out []Word
	for i, mode := range readings {
		// chi_sim knows Latin letters and digits; with eng beside it, dates and
		// short names came out worse.
		tsv, err := e.run(ctx, dir, "tesseract", file, "-", "-l", "chi_sim", "--psm", mode, "tsv")
		if err != nil {
			return nil, pageFault(err)
		}
		out = append(out, parseTSV(tsv, i)...)
	}
	return out, nil
}

// pageFault names why Tesseract cannot read a page.
func pageFault(err error) error {
	var failed *toolError
	switch {
	case errors.Is(err, errTooLong):
		return tooLong(err)
	case errors.As(err, &failed) && strings.Contains(failed.says, "loading language"):
		return fault.Wrap(err, fault.Invalid, "no-language", "本机的 Tesseract 没有中文识别数据；请管理员安装 tesseract-ocr-chi-sim 后重试",
			"Tesseract has no data for Chinese on this machine; ask the operator to install tesseract-ocr-chi-sim, and try again")
	case errors.As(err, &failed):
		return fault.Wrap(err, fault.Invalid, "page-unreadable", "此页无法识别，请重新扫描", "the page cannot be read; scan it again")
	}
	return err
}

func tooLong(err error) error {
	return fault.Wrap(err, fault.Invalid, "page-takes-too-long", "此页处理时间过长，请重新扫描", "the page takes too long to read; scan it again")
}

// fetch puts a stored file where a tool can read it.
func (e *Engine) fetch(ctx context.Context, hash, file string) error {
	body, _, err := e.Uploads.Open(ctx, hash)
	if err != nil {
		return err
	}
	defer body.Close()
	out, err := os.OpenFile(filepath.Clean(file), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, body)
	return errors.Join(err, out.Close())
}
